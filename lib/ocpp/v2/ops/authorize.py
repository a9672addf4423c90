"""Authorize, OCPP 2.0.1 C01."""

from ocpp.v2.types import id_info, id_token


def send(dialect, token, kind, done, extra):
    def answered(result, error):
        if result and station.on_price:
            from ocpp.v2 import price

            price.personal(station, token, result["idTokenInfo"])
        done(id_info(result["idTokenInfo"]) if result else None, error)

    station = dialect.station
    timeout = station.settings.get("AuthorizationTimeout") * 1000
    payload = {"idToken": id_token(token, kind, extra)}
    station.rpc.call("Authorize", payload, answered, timeout_ms=timeout)


def contract(dialect, token, certificate, hashes, done):
    """A contract (C07): `done(IdInfo, status of the certificate or None)`."""

    def answered(result, error):
        if result:
            return done(id_info(result["idTokenInfo"]), result.get("certificateStatus"))
        done(station.authorization.offline(token), None)

    station = dialect.station
    payload = {"idToken": {"idToken": token, "type": "eMAID"}}
    if certificate:
        payload["certificate"] = certificate
    if hashes:
        payload["iso15118CertificateHashData"] = hashes
    timeout = station.settings.get("AuthorizationTimeout") * 1000
    station.rpc.call("Authorize", payload, answered, timeout_ms=timeout)
