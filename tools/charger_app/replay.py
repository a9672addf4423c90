"""`tools/replay FILE`: the firmware does again what was recorded, at virtual time.

Exit status 0: it has sent the same messages, and is in the same state at the end; 1: it has not,
and the first difference is told; 2: the file can't be used.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from . import build, record

_MICROPYTHON = build.ROOT / ".venv" / "bin" / "micropython"


def main(words):
    parser = argparse.ArgumentParser(prog="replay", description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("file", type=Path, help="what `tools/charger --record FILE` has written")
    add("--frames", action="store_true", help="print the messages, with their time")
    add("--log", default="error", help="error, warn, info, debug: the firmware's log")
    wanted = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="replay-") as folder:
        flash = Path(folder) / "flash"
        try:
            options = record.unpack(wanted.file, flash)
        except record.BadRecording as e:
            print("replay: %s" % e, file=sys.stderr)
            return 2
        code = build.build()
        command = [str(_MICROPYTHON), "-X", "heapsize=256M", "-m", "replay"]
        command += ["--flash", str(flash), "--recording", str(wanted.file.resolve())]
        command += ["--world", str(options["world"]), "--speed", str(options["speed"])]
        command += ["--log", wanted.log, "--frames", str(int(wanted.frames))]
        environment = {**os.environ, "MICROPYPATH": ".frozen:%s" % code}
        return subprocess.run(command, cwd=code, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
