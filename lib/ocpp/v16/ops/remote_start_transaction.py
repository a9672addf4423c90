"""RemoteStartTransaction, OCPP 1.6 §5.11."""

from ocpp.station.registration import ACCEPTED


def handle(dialect, request):
    p = request.payload
    station = dialect.station
    connector = None
    if station.registration.status != ACCEPTED:
        return {"status": "Rejected"}  # §4.2: not while pending
    if "connectorId" in p:
        if not 1 <= p["connectorId"] <= len(station.connectors):
            return {"status": "Rejected"}
        connector = station.connectors[p["connectorId"] - 1]
    profile = p.get("chargingProfile")
    if profile and profile["chargingProfilePurpose"] != "TxProfile":
        return {"status": "Rejected"}  # §5.16.2
    accepted = station.tokens.remote_start(p["idTag"], connector, profile=profile)
    return {"status": "Accepted" if accepted else "Rejected"}
