"""The first line of a recording: the options, and what is on the charger's flash and beside it."""

import base64
import json
import os
from pathlib import Path

from .flash import FlashError

FORMAT = 2


class BadRecording(Exception):
    """The text is for the user."""


def begin(wanted, folder):
    """Begin the file `wanted.record`, which the firmware goes on with. Only its owner may read it:
    it holds keys and passwords."""
    head = {
        "ocppy": FORMAT,
        "options": {"world": wanted.world, "speed": wanted.speed},
        "flash": _content(folder),
        "world": _content(_beside(folder)),
    }
    try:
        file = os.open(wanted.record, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "w") as out:
            out.write(json.dumps(head) + "\n")
    except OSError as e:
        raise FlashError("--record %s: %s" % (wanted.record, e.strerror)) from None


def unpack(path, folder):
    """Put what was on flash into `folder`, and beside it; -> the options. BadRecording."""
    try:
        with open(path, encoding="utf-8") as file:
            head = json.loads(file.readline())
        if head["ocppy"] != FORMAT:
            raise BadRecording("%s is of format %s, not %d" % (path, head["ocppy"], FORMAT))
        _restore(head["flash"], folder)
        _restore(head["world"], _beside(folder))
        return head["options"]
    except OSError as e:
        raise BadRecording("%s: %s" % (path, e.strerror)) from None
    except (ValueError, KeyError, TypeError):
        raise BadRecording("%s is not a recording" % path) from None


def _beside(folder):
    return folder.with_name(folder.name + ".world")


def _content(folder):
    """{path: base64} of all files."""
    found = {}
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file() and path.name != "frames":
            data = base64.b64encode(path.read_bytes())
            found[str(path.relative_to(folder))] = data.decode()
    return found


def _restore(content, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in content.items():
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise ValueError("a path outside")
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(base64.b64decode(data))
