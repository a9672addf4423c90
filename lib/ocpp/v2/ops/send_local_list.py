"""SendLocalList, OCPP 2.0.1 D01: a job, answered when the list is on flash."""

from ocpp.station import list_update, local_list
from ocpp.v2.types import id_info


def handle(dialect, request):
    p = request.payload
    station = dialect.station
    if not station.settings.get("LocalAuthListEnabled"):
        return {"status": "Failed", "statusInfo": {"reasonCode": "NotEnabled"}}
    full = p["updateType"] == "Full"
    entries = p.get("localAuthorizationList", ())
    status = list_update.handle(
        station, request, p["versionNumber"], entries, full, _whole if full else _line
    )
    return status and {"status": status}


def install(dialect, version, entries):
    """The host's own way to replace the whole list; at once. ValueError: what is wrong."""
    payload = {"versionNumber": version, "updateType": "Full"}
    if entries:
        payload["localAuthorizationList"] = entries
    dialect.station.check("SendLocalList", True, payload)
    list_update.install(dialect.station, version, entries, _whole)


def _line(entry):
    """The line of an AuthorizationData."""
    info = entry.get("idTokenInfo")
    return local_list.line(entry["idToken"]["idToken"], id_info(info) if info else None)


def _whole(entry):
    if entry.get("idTokenInfo") is None:
        raise ValueError("no idTokenInfo for an identifier")
    return _line(entry)
