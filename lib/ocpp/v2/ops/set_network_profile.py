"""SetNetworkProfile, OCPP 2.0.1 B09: into a slot; see `station/network.py`."""

from ocpp.log import log

_VERSIONS = {"OCPP16": "1.6", "OCPP20": "2.0.1"}


def handle(dialect, request):
    p = request.payload
    station = dialect.station
    data = p["connectionData"]
    version = _VERSIONS.get(data["ocppVersion"])
    known = station.config["ocpp"].get("version", "1.6")  # a text or a list
    foreign = data["ocppTransport"] != "JSON" or "apn" in data or "vpn" in data
    if foreign or not version or version not in known:
        return _refused("Rejected", "UnsupportedParam")
    slot = [
        data["ocppCsmsUrl"],
        data["securityProfile"],
        data["messageTimeout"],
        ["ocpp" + version],
    ]
    try:
        wrong = station.part("network").write(str(p["configurationSlot"]), slot)
    except OSError as e:
        log.error("network", "a profile can't be kept:", e)
        return _refused("Failed", "OutOfStorage")
    if wrong:
        return _refused("Rejected", "InvalidValue", wrong)
    station.part("security").event("ReconfigurationOfSecurityParameters", "network profile")
    return {"status": "Accepted"}


def _refused(status, why, more=None):
    info = {"reasonCode": why}
    if more:
        info["additionalInfo"] = more
    return {"status": status, "statusInfo": info}
