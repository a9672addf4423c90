"""Makes the one file that holds all modules; firmware/pack.py tells its format and reads it."""

import binascii
import struct

from charger_app.build import BuildError

_MAGIC = b"ocppy pack 1\n"
_FOLDER = 0x80000000


def make(files):
    """The pack of `files`, {path below /lib: bytes}."""
    entries = {path.strip("/"): (data, 0) for path, data in files.items()}
    for folder, names in _folders(entries).items():
        entries[folder] = ("\n".join(sorted(names)).encode(), _FOLDER)
    sums = {}
    for path in entries:
        sums.setdefault(binascii.crc32(path.encode()), []).append(path)
    twice = [paths for paths in sums.values() if len(paths) > 1]
    if twice:
        raise BuildError("these names can't be told apart in a pack: %s" % twice[0])
    at = len(_MAGIC) + 4 + 12 * len(sums)
    table, contents = b"", b""
    for number in sorted(sums):
        data, flag = entries[sums[number][0]]
        table += struct.pack("<II", at + len(contents), len(data) | flag)
        contents += data
    head = struct.pack("<I%dI" % len(sums), len(sums), *sorted(sums))
    return _MAGIC + head + table + contents


def _folders(entries):
    """{folder: names in it}, "" for the top."""
    found = {"": set()}
    for path in entries:
        folder, _, name = path.rpartition("/")
        found.setdefault(folder, set()).add(name)
        while folder:
            above, _, name = folder.rpartition("/")
            found.setdefault(above, set()).add(name + "/")
            folder = above
    return found
