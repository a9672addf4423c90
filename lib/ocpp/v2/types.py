"""Data types of OCPP 2.x (part 2 §2) that several operations use."""

from ocpp.iso import from_iso, to_iso
from ocpp.log import log
from ocpp.station.identity import IdInfo
from ocpp.station.samples import full

CONNECTOR = 1  # number of the one connector each EVSE has

_TOKEN_TYPES = " Central eMAID ISO14443 ISO15693 KeyCode Local MacAddress NoAuthorization "
_CARD = const("ISO14443")  # an identifier of unknown origin is a card's
# Measurands for which the domain names no unit, but 2.x has one (part 2 appendices §1).
_UNITS = {"Frequency": "Hz", "RPM": "RPM"}


def connectors_of(station, evse):
    """The connectors that an EVSEType means: a list of one, or empty; None means all."""
    if evse is None:
        return station.connectors
    if evse.get("connectorId", CONNECTOR) != CONNECTOR:
        return []
    return [c for c in station.connectors if c.id == evse["id"]]


def id_token(text, kind, extra=None):
    """IdTokenType; no text: nobody was asked for an identifier. `extra`: additionalInfo."""
    if not text:
        return {"idToken": "", "type": "NoAuthorization"}
    told = {"idToken": text, "type": kind if kind and " %s " % kind in _TOKEN_TYPES else _CARD}
    if extra:
        told["additionalInfo"] = extra
    return told


def id_info(info):
    """IdInfo from an IdTokenInfoType."""
    group = info.get("groupIdToken")
    expiry = info.get("cacheExpiryDateTime")
    found = IdInfo(
        info["status"], group["idToken"] if group else None, time_of(expiry) if expiry else None
    )
    found.evses = info.get("evseId")
    found.languages = languages(info)
    return found


def languages(info):
    """Those an IdTokenInfoType names (RFC 5646), the preferred first; None: none."""
    return [info[k] for k in ("language1", "language2") if k in info] or None


def meter_value(unix, samples):
    """MeterValueType from samples (see `station/samples.py`)."""
    return {"timestamp": to_iso(unix), "sampledValue": [_sampled_value(s) for s in samples]}


def _sampled_value(sample):
    """Defaults are spelt out: not every central system knows them."""
    value, context, measurand, phase, location, unit = full(sample)
    signature = None
    if "\n" in value:
        from ocpp.station import signed

        signature, value = signed.parts(value)
    out = {"value": float(value) if "." in value else int(value)}
    out["context"] = context
    out["measurand"] = measurand
    out["location"] = location
    if phase:
        out["phase"] = phase
    unit = unit or _UNITS.get(measurand)
    if unit:
        out["unitOfMeasure"] = {"unit": unit}
    if signature:
        out["signedMeterValue"] = signature
    return out


def time_of(text):
    """Unix s of a dateTime, or None if it is none."""
    try:
        return from_iso(text)
    except ValueError:
        log.warn("ocpp", "not a time:", text)
        return None
