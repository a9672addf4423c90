"""RequestStartTransaction, OCPP 2.0.1 F01, F02."""

from ocpp.calls import CallError
from ocpp.log import log
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
    if profile and station.settings.get("SmartChargingEnabled"):
        try:
            profile = _record(station, profile)
        except ValueError as e:
            from ocpp.v2.profile import refused

            log.warn("profile", profile["id"], "refused:", e)
            return refused(e)
    else:
        profile = None  # to be ignored then (F01.FR.12)
    token = p["idToken"]
    group = p.get("groupIdToken")
    running = [(c, c.tx) for c in station.connectors if c.tx]
    accepted = station.tokens.remote_start(
        token["idToken"],
        connector,
        token["type"],
        p["remoteStartId"],
        profile,
        group["idToken"] if group else None,
        _extra(station, token),
    )
    answer = {"status": "Accepted" if accepted else "Rejected"}
    for c, tx in running:  # F01.FR.13, F02.FR.05: one that runs and that this is for
        if accepted and (c is connector or tx.remote_start_id == p["remoteStartId"]):
            answer["transactionId"] = str(tx.id)
    return answer


def _extra(station, token):
    """The additionalInfo of a token. CallError where it is longer than it may be."""
    extra = token.get("additionalInfo")
    if extra:
        most = station.settings.get("AuthCtrlr.AdditionalInfoItemsPerMessage")
        if len(extra) > most:
            raise CallError("OccurrenceConstraintViolation", "additionalInfo: at most %d" % most)
    return extra


def _record(station, profile):
    """What is kept of the profile for the transaction to come (F01.FR.08 to FR.11, K05).
    ValueError with the reason."""
    from ocpp.v2.profile import record

    if profile["chargingProfilePurpose"] != "TxProfile":
        raise ValueError("RequestStartTransactionNonTxProfile")
    return record(station, 0, profile)
