"""What the firmware adds to diagnostics: the last crash, the log, the last frames. In memory only
while they are written."""

import gc
import io
import json
import sys

from logbook import FILES

from ocpp.iso import from_iso, to_iso
from ocpp.store import Store

_NAME = "crash"
_TRACE = const(1500)  # characters of a traceback
_FRAMES = const(60)  # frames at most
_LONGEST = const(4096)  # bytes of a frame that is shown
_SECRETS = ("authorizationkey", "basicauthpassword", "password")


def crashed(folder, error, unix, uptime, reason):
    """Remember what the application failed of; `reason`: why it had started. Never raises."""
    try:
        gc.collect()
        out = io.StringIO()
        sys.print_exception(error, out)
        record = {
            "time": unix,
            "uptime_s": uptime,
            "boot_reason": reason,
            "heap_free": gc.mem_free(),
            "traceback": out.getvalue()[-_TRACE:],
        }
        Store(folder + "/state").save(_NAME, record)
    except Exception as e:  # there is one fault already
        print("crash not recorded:", repr(e), file=sys.stderr)


def lines(folder, frames, oldest, latest):
    """Iterator of lines, from `oldest` to `latest` (Unix s or None); see
    `Host.on_diagnostics`."""
    yield from _crash(folder, oldest, latest)
    yield "[log]"
    for name in FILES:
        yield from _log(folder + name, oldest, latest)
    yield "[frames]"
    for n in range(max(frames.first, frames.last - _FRAMES + 1), frames.last + 1):
        line = _frame(frames, n, oldest, latest)
        if line:
            yield line
        yield None


def within(unix, oldest, latest):
    """True if that time, None if it is not known, is asked for."""
    if unix is None:
        return True
    return (oldest is None or unix >= oldest) and (latest is None or unix <= latest)


def _crash(folder, oldest, latest):
    record = Store(folder + "/state").load(_NAME)
    if not isinstance(record, dict) or not within(record.get("time"), oldest, latest):
        return
    yield "[last crash]"
    unix = record.get("time")
    yield "time=%s" % (to_iso(unix) if unix else "unknown")
    for name in ("uptime_s", "boot_reason", "heap_free"):
        yield "%s=%s" % (name, record.get(name))
    yield from str(record.get("traceback")).strip().split("\n")


def _log(path, oldest, latest):
    """Lines of one file; no file stays open while others have their turn."""
    at = 0
    while True:
        try:
            with open(path, "rb") as file:
                file.seek(at)
                line = file.readline()
        except OSError:
            return
        if not line:
            return
        at += len(line)
        when, _, text = line.decode().strip().partition(" ")
        unix = int(when) if when.isdigit() else None
        if within(unix, oldest, latest):
            yield "%s %s" % (to_iso(unix) if unix else "-", text)
        else:
            yield None


def _frame(frames, n, oldest, latest):
    """One frame as text; None if it is not asked for. What may hold a password is left out."""
    text = b""
    try:
        for piece in frames.pieces(n):
            text += piece
            if len(text) > _LONGEST:
                return "(a long frame)"
        text = text.decode()
        found = json.loads(text)
        if not within(from_iso(found["t"]), oldest, latest):
            return None
    except (OSError, ValueError, KeyError):
        return None
    secret = _secret(text.lower())
    if secret:
        return "%s %s (not shown: %s)" % (found["t"], found["dir"], secret)
    return text


def _secret(text):
    """Why a frame is not shown, or None."""
    for word in _SECRETS:
        if word in text:
            return word
    for part in text.split("://")[1:]:
        if "@" in part.split("/")[0]:
            return "a URL with a user name"
    return None
