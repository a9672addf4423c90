"""Reset, OCPP 2.0.1 B11, B12: of the station or of an EVSE, at once or once nothing charges."""

from ocpp.v2.types import connectors_of


def handle(dialect, request):
    p = request.payload
    station = dialect.station
    number = p.get("evseId", 0)
    found = connectors_of(station, {"id": number}) if number else station.connectors
    if not found or (station.on_evse_reset if number else station.on_reset) is None:
        return {"status": "Rejected"}  # B11.FR.09, B12.FR.09
    if p["type"] == "OnIdle" and any([c.tx for c in found]):
        station.part("reset").when_idle(number)
        return {"status": "Scheduled"}
    if number:
        station.part("reset").one(found[0])
        return {"status": "Accepted"}
    # "OnIdle" is the kind of those that were scheduled: the next start tells the reason
    return {"status": "Accepted" if station.reset("Immediate") else "Rejected"}
