"""What the configuration file means for a station: settings, headers of a dial. Loaded when needed."""

import binascii

from ocpp.log import log

# Settings that list measurands: what the station can't measure is refused.
LISTS = (
    "MeterValuesSampledData",
    "MeterValuesAlignedData",
    "StopTxnSampledData",
    "StopTxnAlignedData",
    "SampledDataCtrlr.TxStartedMeasurands",
)


def settings(station):
    """Apply the configuration to the settings. Returns what could not be taken: (name, why)."""
    config = station.config
    settings = station.settings
    count = config.get("connectors", 1)
    settings.set_fixed("NumberOfConnectors", str(count if isinstance(count, int) else len(count)))
    server = config.get("ocpp", {})
    if server.get("password"):
        settings.install("AuthorizationKey", server["password"])
    if server.get("security_profile"):
        settings.install("SecurityProfile", str(server["security_profile"]))
    if config.get("connector_lock") is False:
        settings.set_fixed("UnlockConnectorOnEVSideDisconnect", "false")
    for name in LISTS:
        settings.validators[name] = lambda text: station.metering.check(text)
    problems = settings.initial(config.get("settings", {}))
    for name, why in problems:
        log.warn("settings", name + ":", why)
    return problems


def headers(station):
    """HTTP headers of a dial: Basic authentication under security profiles 1 and 2 (whitepaper §2)."""
    key = station.settings.get("AuthorizationKey")
    if station.settings.get("SecurityProfile") not in (1, 2) or not key:
        return []
    user = station.config["ocpp"].get("id", "")
    word = binascii.b2a_base64(("%s:%s" % (user, key)).encode()).decode().strip()
    return [("Authorization", "Basic " + word)]
