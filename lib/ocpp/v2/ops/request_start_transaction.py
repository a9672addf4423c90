"""RequestStartTransaction, OCPP 2.0.1 F01, F02."""

from ocpp.station.registration import ACCEPTED
from ocpp.v2.types import connectors_of


def handle(dialect, request):
    p = request.payload
    station = dialect.station
    connector = None
    if station.registration.status != ACCEPTED:
        return {"status": "Rejected"}  # B02.FR.05
    if "evseId" in p:
        found = connectors_of(station, {"id": p["evseId"]})
        if not found:
            return {"status": "Rejected"}
        connector = found[0]
    profile = p.get("chargingProfile")
    if profile and profile["chargingProfilePurpose"] != "TxProfile":
        return {"status": "Rejected"}  # F01.FR.08
    token = p["idToken"]
    accepted = station.tokens.remote_start(
        token["idToken"], connector, token["type"], p["remoteStartId"]
    )
    return {"status": "Accepted" if accepted else "Rejected"}
