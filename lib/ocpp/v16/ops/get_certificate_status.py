"""GetCertificateStatus of OCPP 2.0.1 M06 over DataTransfer: passed through."""

from ocpp.v16 import pnc


def send(dialect, data, done):
    def answered(result, why):
        if result and result.get("status") == "Accepted" and "ocspResult" in result:
            return done(result["ocspResult"], None)
        done(None, str(why or result.get("status")))

    pnc.call(dialect, "GetCertificateStatus", {"ocspRequestData": data}, answered)
