"""GetCertificateStatus, OCPP 2.0.1 M06: passed through."""


def send(dialect, data, done):
    def answered(result, error):
        if result and result["status"] == "Accepted" and "ocspResult" in result:
            return done(result["ocspResult"], None)
        done(None, str(error) if error else result["status"])

    dialect.station.rpc.call("GetCertificateStatus", {"ocspRequestData": data}, answered)
