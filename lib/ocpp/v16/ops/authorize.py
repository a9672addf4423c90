"""Authorize, OCPP 1.6 §4.1."""

from ocpp.v16.types import id_info


def send(dialect, id_token, done):
    def answered(result, error):
        done(id_info(result.get("idTagInfo")) if result else None, error)

    station = dialect.station
    timeout = station.settings.get("AuthorizationTimeout") * 1000
    station.rpc.call("Authorize", {"idTag": id_token[:20]}, answered, timeout_ms=timeout)
