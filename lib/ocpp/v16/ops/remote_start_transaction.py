"""RemoteStartTransaction, OCPP 1.6 §5.11."""

from ocpp.log import log
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
    if profile and station.settings.get("SmartChargingEnabled"):
        profile = _record(station, profile)
        if profile is None:
            return {"status": "Rejected"}
    else:
        profile = None  # §5.11: to be ignored then
    accepted = station.tokens.remote_start(p["idTag"], connector, profile=profile)
    return {"status": "Accepted" if accepted else "Rejected"}


def _record(station, profile):
    """What is kept of the profile for the transaction to come (§5.16.2), None if it is none."""
    from ocpp.station import profile_rules
    from ocpp.v16.profile import plain

    try:
        if profile["chargingProfilePurpose"] != "TxProfile":
            raise ValueError("RequestStartTransactionNonTxProfile")
        return profile_rules.record(station, 0, plain(profile))
    except ValueError as e:
        log.warn("profile", profile["chargingProfileId"], "refused:", e)
        return None
