"""An update of the local authorization list as it comes in a message: a job, answered when the
list is on flash. Loaded for that.

`line(entry)` of the dialect makes the line (see `local_list.line`) of one entry; ValueError.
"""

from ocpp.log import log

_SLICE = const(4)  # entries looked at in one go


def handle(station, request, version, entries, full, line):
    """The status to answer with at once: "VersionMismatch", "Failed"; None: later, in a dict."""
    part = station.part("local_list")
    if not full and version <= part.version():
        return "VersionMismatch"
    why = None
    if len(entries) > station.settings.get("SendLocalListMaxLength"):
        why = "%d identifiers at a time" % len(entries)
    elif version < 1:
        why = "version %d" % version
    elif part.busy:
        why = "another update is under way"
    if why:
        log.warn("local list", "not updated:", why)
        return "Failed"
    part.busy = True
    request.payload = None  # only the job has it now, and lets it go
    job = _answer(part, request, version, [entries], full, line)
    station.jobs.append(request.finished_by(job))
    return None


def install(station, version, entries, line):
    """The host's own way to replace the whole list; at once. ValueError: what is wrong."""
    part = station.part("local_list")
    if part.busy:
        raise ValueError("another update is under way")
    if version < 1 and entries:
        raise ValueError("version is %d; accepted: 1 or more" % version)
    changes = []
    for _ in _lines(entries, line, changes):
        pass
    job = part.update(version, changes, True)
    why = None
    try:
        while True:
            next(job)
    except StopIteration as e:
        why = e.value
    if why:
        raise ValueError("not installed: " + why)


def _answer(part, request, version, held, full, line):
    """`held`: a list of the list of entries, which is taken out of it."""
    changes = []
    try:
        yield from _lines(held.pop(), line, changes)
        why = yield from part.update(version, changes, full)
    except ValueError as e:
        why = e
        log.warn("local list", "not updated:", e)
    finally:
        part.busy = False
    request.reply({"status": "Failed" if why else "Accepted"})


def _lines(entries, line, lines):
    """Put the lines of entries into `lines`, a few at a time."""
    for i in range(len(entries)):
        lines.append(line(entries[i]))
        if i % _SLICE == 0:
            yield
