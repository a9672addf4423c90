"""Get15118EVCertificate of OCPP 2.0.1 M01, M02 over DataTransfer: passed through."""

from ocpp.log import log
from ocpp.v16 import pnc


def send(dialect, schema_version, action, exi_request, done):
    def answered(result, why):
        if result and result.get("status") == "Accepted" and "exiResponse" in result:
            return done(result["exiResponse"], None)
        done(None, str(why or result.get("status")))

    data = {
        "iso15118SchemaVersion": schema_version,
        "action": action,
        "exiRequest": exi_request,
    }
    pnc.call(dialect, "Get15118EVCertificate", data, answered)


def sign(dialect, csr):
    """SignCertificate for the controller that speaks with the EV."""

    def answered(result, why):
        if why or result.get("status") != "Accepted":
            log.warn("certificates", "V2G request not taken:", why or result.get("status"))

    pnc.call(
        dialect, "SignCertificate", {"csr": csr, "certificateType": "V2GCertificate"}, answered
    )
