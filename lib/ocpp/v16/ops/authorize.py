"""Authorize, OCPP 1.6 §4.1."""

from ocpp.v16.types import id_info


def send(dialect, id_token, done):
    def answered(result, error):
        told = error.answer if error else result
        info = told.get("idTagInfo") if isinstance(told, dict) else None
        # A status that OCPP has not is no acceptance either.
        done(id_info(info) if isinstance(info, dict) and info.get("status") else None, error)

    station = dialect.station
    timeout = station.settings.get("AuthorizationTimeout") * 1000
    station.rpc.call("Authorize", {"idTag": id_token}, answered, timeout_ms=timeout)
