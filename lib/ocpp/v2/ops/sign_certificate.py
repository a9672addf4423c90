"""SignCertificate, OCPP 2.0.1 A02, A03."""

from ocpp.calls import TRIGGERED
from ocpp.log import log


def triggered(dialect, connectors):
    return dialect.station.part("credentials").request_certificate()


def send(dialect, csr):
    def answered(result, error):
        if error is None and result["status"] != "Accepted":
            log.warn("certificates", "request not taken")
            dialect.station.part("asking").answered()

    payload = {"csr": csr, "certificateType": "ChargingStationCertificate"}
    dialect.station.rpc.call("SignCertificate", payload, answered, TRIGGERED)
