"""Data types of OCPP 1.6 §7 that several operations use."""

from ocpp.iso import from_iso, to_iso
from ocpp.log import log
from ocpp.station.identity import IdInfo
from ocpp.station.samples import full

_FIELDS = ("value", "context", "measurand", "phase", "location", "unit")


def certificate_use(kind):
    """The domain's name for a CertificateUseEnumType (security whitepaper §6.4)."""
    return "CSMSRootCertificate" if kind == "CentralSystemRootCertificate" else kind


def id_info(info):
    """IdInfo from an IdTagInfo (§7.27); a missing one is no objection."""
    if not isinstance(info, dict):
        return IdInfo("Accepted")
    expiry = info.get("expiryDate")
    parent = info.get("parentIdTag")
    return IdInfo(
        info.get("status", "Accepted"),
        parent if isinstance(parent, str) else None,
        time_of(expiry) if expiry else None,
    )


def meter_value(unix, samples):
    """A MeterValue (§7.33) from samples (see `station/samples.py`). Defaults are spelt out: not
    every
    central system knows them."""
    values = []
    for sample in samples:
        value = {}
        for i, field in enumerate(full(sample)):
            if field is not None:
                value[_FIELDS[i]] = field
        if "\n" in value["value"]:
            import json

            from ocpp.station import signed

            value["value"] = json.dumps(signed.parts(value["value"])[0])
            value["format"] = "SignedData"
        values.append(value)
    return {"timestamp": to_iso(unix), "sampledValue": values}


def time_of(text):
    """Unix s of a dateTime, None if it is none."""
    try:
        return from_iso(text)
    except ValueError:
        log.warn("ocpp", "not a time:", text)
        return None
