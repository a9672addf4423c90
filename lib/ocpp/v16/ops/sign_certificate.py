"""SignCertificate, security whitepaper §5.17."""

from ocpp.calls import TRIGGERED
from ocpp.log import log


def triggered(dialect, number):
    return dialect.station.part("credentials").request_certificate()


def send(dialect, csr):
    def answered(result, error):
        if error or result["status"] != "Accepted":
            # Not asked again: who operates the station has to look (A02, error handling).
            log.warn("certificates", "request not taken:", error or result["status"])

    dialect.station.rpc.call("SignCertificate", {"csr": csr}, answered, TRIGGERED)
