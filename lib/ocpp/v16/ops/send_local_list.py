"""SendLocalList, OCPP 1.6 §5.15 and errata 3.52: a job, answered when the list is on flash."""

from ocpp.log import log
from ocpp.station import local_list
from ocpp.v16.types import id_info

_SLICE = const(4)  # entries looked at in one go


def handle(dialect, request):
    p = request.payload
    station = dialect.station
    settings = station.settings
    if not settings.get("LocalAuthListEnabled"):
        return {"status": "NotSupported"}
    part = station.part("local_list")
    full = p["updateType"] == "Full"
    if not full and p["listVersion"] <= part.version():
        return {"status": "VersionMismatch"}
    count = len(p.get("localAuthorizationList", ()))
    why = None
    if count > settings.get("SendLocalListMaxLength"):
        why = "%d identifiers at a time" % count
    elif p["listVersion"] < 1:
        why = "version %d" % p["listVersion"]
    elif part.busy:
        why = "another update is under way"
    if why:
        log.warn("local list", "not updated:", why)
        return {"status": "Failed"}
    part.busy = True
    request.payload = None  # only the job has it now, and lets it go
    station.jobs.append(request.finished_by(_answer(part, request, p, full)))
    return None


def install(dialect, version, entries):
    """The host's own way to replace the whole list; at once. ValueError: what is wrong."""
    station = dialect.station
    payload = {"listVersion": version, "updateType": "Full", "localAuthorizationList": entries}
    station.check("SendLocalList", True, payload)
    part = station.part("local_list")
    if part.busy:
        raise ValueError("another update is under way")
    if version < 1 and entries:
        raise ValueError("version is %d; accepted: 1 or more" % version)
    changes = []
    for _ in _lines(entries, True, changes):
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


def _answer(part, request, payload, full):
    version = payload["listVersion"]
    changes = []
    try:
        yield from _lines(payload.get("localAuthorizationList", ()), full, changes)
        payload = None
        why = yield from part.update(version, changes, full)
    except ValueError as e:
        why = e
        log.warn("local list", "not updated:", e)
    finally:
        part.busy = False
    request.reply({"status": "Failed" if why else "Accepted"})


def _lines(entries, full, lines):
    """Put the lines of an AuthorizationData list (§7.1) into `lines`, a few at a time."""
    for i in range(len(entries)):
        entry = entries[i]
        info = entry.get("idTagInfo")
        if info is None and full:
            raise ValueError("no idTagInfo for an identifier")
        lines.append(local_list.line(entry["idTag"], id_info(info) if info else None))
        if i % _SLICE == 0:
            yield
