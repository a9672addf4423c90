"""Authorize, OCPP 2.0.1 C01."""

from ocpp.v2.types import id_info, id_token


def send(dialect, token, kind, done):
    def answered(result, error):
        done(id_info(result["idTokenInfo"]) if result else None, error)

    station = dialect.station
    timeout = station.settings.get("AuthorizationTimeout") * 1000
    payload = {"idToken": id_token(token, kind)}
    station.rpc.call("Authorize", payload, answered, timeout_ms=timeout)
