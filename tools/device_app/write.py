"""From this computer onto a chip: over MicroPython's prompt, esptool, or a UF2 drive."""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from . import uf2

MPREMOTE = (sys.executable, "-m", "mpremote")
ESPTOOL = (sys.executable, "-m", "esptool")
_KEPT = ("/data/", "/spare/", "/label", "/starts", "/reason", "/hashes")  # the charger's own
_BOOT_OFFSET = {"esp32": 0x1000}  # of MicroPython's .bin; 0 on later chips
_ESP_MAGIC = b"\xe9"
_HASHES = "/hashes"  # what was copied: {path: SHA-256}

# Runs on the board: which files it has, and what they were when they were copied.
_LIST = (
    """
import os, json
def walk(folder):
    for name, kind, *_ in os.ilistdir(folder or "/"):
        path = folder + "/" + name
        if kind == 0x4000:
            yield from walk(path)
        else:
            yield path
try:
    os.umount("/lib")
except OSError:
    pass
try:
    known = json.load(open("%s"))
except (OSError, ValueError):
    known = {}
print(json.dumps([list(walk("")), known]))
"""
    % _HASHES
)


class WriteError(Exception):
    """The text is for the user."""


def deploy(port, files, run=None):
    """Copy what has changed, delete what is gone, restart. `run(command)`: for tests."""
    run = run or _run
    there, known = _listed(run([*MPREMOTE, "connect", port, "exec", _LIST]))
    wanted = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    changed = [p for p in files if p not in there or known.get(p) != wanted[p]]
    gone = [p for p in there if p not in files and not p.startswith(_KEPT)]
    print("deploy: %d of %d files to copy, %d to delete" % (len(changed), len(files), len(gone)))
    with tempfile.TemporaryDirectory() as folder:
        _copy(run, port, Path(folder), files, changed)
        hashes = Path(folder) / "hashes"
        hashes.write_text(json.dumps(wanted))
        for path in gone:
            run([*MPREMOTE, "connect", port, "fs", "rm", ":" + path])
        run([*MPREMOTE, "connect", port, "fs", "cp", str(hashes), ":" + _HASHES])
    run([*MPREMOTE, "connect", port, "exec", "--no-follow", "import machine; machine.reset()"])
    print("deploy: done, the board restarts")
    return 0


def _listed(answer):
    try:
        there, known = json.loads(answer.strip().splitlines()[-1])
        return there, known if isinstance(known, dict) else {}
    except (ValueError, IndexError):
        raise WriteError("the board did not answer as MicroPython does: %r" % answer) from None


def _copy(run, port, folder, files, changed):
    """One call of mpremote a file: each is whole, and named as it goes."""
    made = set()
    for n, path in enumerate(changed):
        print("[%3d/%d] %s, %d bytes" % (n + 1, len(changed), path, len(files[path])), flush=True)
        parts = path.strip("/").split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            above = "/" + "/".join(parts[:depth])
            if above not in made:
                made.add(above)
                words = "import os\ntry:\n os.mkdir(%r)\nexcept OSError:\n pass" % above
                run([*MPREMOTE, "connect", port, "exec", words])
        source = folder / "file"
        source.write_bytes(files[path])
        run([*MPREMOTE, "connect", port, "fs", "cp", str(source), ":" + path])


def flash(port, chip, firmware, where, image, run=None):
    """MicroPython `firmware` and the file system `image` onto an empty chip."""
    run = run or _run
    if not Path(firmware).is_file():
        raise WriteError("there is no file %s" % firmware)
    if where.uf2:
        return _flash_uf2(Path(port), firmware, where, image)
    with Path(firmware).open("rb") as file:
        if file.read(1) != _ESP_MAGIC:
            words = "%s is no image for an ESP32; accepted: the .bin of micropython.org"
            raise WriteError(words % firmware)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image"
        path.write_bytes(image)
        words = ["write-flash", "0x%x" % _BOOT_OFFSET.get(chip, 0), str(firmware)]
        words += ["0x%x" % where.start, str(path)]
        command = [*ESPTOOL, "--chip", chip, "--port", port, "--baud", "460800", *words]
        run(command, show=True)
    print("flash: done")
    return 0


def _flash_uf2(drive, firmware, where, image):
    """One UF2 file of both, onto the drive of a board in its boot mode."""
    if not (drive / "INFO_UF2.TXT").is_file():
        text = (
            "%s is not the drive of a board in its boot mode (hold BOOTSEL while plugging it in)"
        )
        raise WriteError(text % drive)
    try:
        pages = uf2.unpack(Path(firmware).read_bytes())
    except ValueError as e:
        raise WriteError("%s: %s" % (firmware, e)) from None
    address, family = where.uf2
    if max(pages) >= address:
        raise WriteError("%s is larger than the stock build: use --storage" % firmware)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ocppy.uf2"
        path.write_bytes(uf2.joined(pages, image, address, family))
        shutil.copyfile(path, drive / path.name)
    print("flash: done, the board restarts")
    return 0


def _run(command, show=False):
    """What a command prints; WriteError with its complaints."""
    done = subprocess.run(
        command, stdout=None if show else subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        lines = (done.stdout or "").strip().splitlines()
        raise WriteError("%s failed: %s" % (command[2], lines[-1] if lines else "see above"))
    return done.stdout or ""
