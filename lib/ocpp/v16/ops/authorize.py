"""Authorize, OCPP 1.6 §4.1."""

from ocpp.v16.types import id_info


def send(dialect, id_token, done):
    def answered(result, error):
        told = error.answer if error else result
        info = told.get("idTagInfo") if isinstance(told, dict) else None
        # A status that OCPP has not is no acceptance either.
        info = id_info(info) if isinstance(info, dict) and info.get("status") else None
        _priced(station, id_token, info, lambda: done(info, error))

    station = dialect.station
    timeout = station.settings.get("AuthorizationTimeout") * 1000
    station.rpc.call("Authorize", {"idTag": id_token}, answered, timeout_ms=timeout)


def _priced(station, id_token, info, fn):
    """Whoever may charge is to see the price first: SetUserPrice is waited for."""
    wait = station.settings.get("WaitForSetUserPriceTimeout")
    if info and info.status == "Accepted" and wait:
        if station.settings.get("CustomDisplayCostAndPrice"):
            return station.part("pricing").hold(id_token, wait, fn)
    fn()


def contract(dialect, id_token, certificate, hashes, done):
    """A contract (Plug & Charge): `done(IdInfo, status of the certificate or None)`."""
    from ocpp.v16 import pnc

    def answered(result, why):
        info = result.get("idTokenInfo") if result else None
        if not isinstance(info, dict) or not info.get("status"):
            return done(dialect.station.authorization.offline(id_token), None)
        done(id_info(info), result.get("certificateStatus"))

    data = {"idToken": id_token}
    if certificate:
        data["certificate"] = certificate
    if hashes:
        data["iso15118CertificateHashData"] = hashes
    timeout = dialect.station.settings.get("AuthorizationTimeout") * 1000
    pnc.call(dialect, "Authorize", data, answered, timeout)
