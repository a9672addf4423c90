"""SendLocalList, OCPP 1.6 §5.15 and errata 3.52: a job, answered when the list is on flash."""

from ocpp.station import list_update, local_list
from ocpp.v16.types import id_info


def handle(dialect, request):
    p = request.payload
    station = dialect.station
    if not station.settings.get("LocalAuthListEnabled"):
        return {"status": "NotSupported"}
    full = p["updateType"] == "Full"
    entries = p.get("localAuthorizationList", ())
    status = list_update.handle(
        station, request, p["listVersion"], entries, full, _whole if full else _line
    )
    return status and {"status": status}


def install(dialect, version, entries):
    """The host's own way to replace the whole list; at once. ValueError: what is wrong."""
    payload = {"listVersion": version, "updateType": "Full", "localAuthorizationList": entries}
    dialect.station.check("SendLocalList", True, payload)
    list_update.install(dialect.station, version, entries, _whole)


def _line(entry):
    """The line of an AuthorizationData (§7.1)."""
    info = entry.get("idTagInfo")
    return local_list.line(entry["idTag"], id_info(info) if info else None)


def _whole(entry):
    if entry.get("idTagInfo") is None:
        raise ValueError("no idTagInfo for an identifier")
    return _line(entry)
