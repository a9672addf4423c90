#!/usr/bin/env python3
"""Keeps an image of the flash that this firmware leaves: `.venv/bin/python tools/flash_image.py
VERSION` writes `tests/unit/images/VERSION.img`. Once for each release that changes a format on
flash; `tests/unit/test_migration.py` boots from every one of them.
"""

import os
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MICROPYTHON = Path(sys.executable).parent / "micropython"
IMAGES = ROOT / "tests" / "unit" / "images"


def main(version):
    target = IMAGES / (version + ".img")
    if target.exists():
        sys.exit("flash_image: %s is there; what was released does not change" % target)
    path = ":".join([".frozen"] + [str(ROOT / f) for f in ("lib", "tests/unit")])
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw"
        program = "import flash_image; flash_image.write(%r)" % str(raw)
        command = [MICROPYTHON, "-X", "heapsize=16M", "-c", program]
        subprocess.run(command, check=True, env={**os.environ, "MICROPYPATH": path})
        target.write_bytes(zlib.compress(raw.read_bytes(), 9))
    print("%s: %d bytes" % (target, target.stat().st_size))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
