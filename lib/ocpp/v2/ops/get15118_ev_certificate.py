"""Get15118EVCertificate, OCPP 2.0.1 M01, M02: passed through."""

from ocpp.log import log


def send(dialect, schema_version, action, exi_request, done):
    def answered(result, error):
        if result and result["status"] == "Accepted":
            return done(result["exiResponse"], None)
        done(None, str(error) if error else result["status"])

    payload = {
        "iso15118SchemaVersion": schema_version,
        "action": action,
        "exiRequest": exi_request,
    }
    dialect.station.rpc.call("Get15118EVCertificate", payload, answered)


def sign(dialect, csr):
    """SignCertificate for the controller that speaks with the EV (A02)."""

    def answered(result, error):
        if error or result["status"] != "Accepted":
            log.warn("certificates", "V2G request not taken:", error or result["status"])

    payload = {"csr": csr, "certificateType": "V2GCertificate"}
    dialect.station.rpc.call("SignCertificate", payload, answered)


def triggered(dialect, connectors):
    """SignCertificate for the controller is wanted (F06)."""
    return dialect.station.iso15118.request()
