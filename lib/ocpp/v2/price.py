"""Prices and costs in messages of OCPP 2.0.1 (I), with the customData of California pricing
(org.openchargealliance.costmsg, org.openchargealliance.multilanguage), in the words of the
domain."""

from ocpp.log import log
from ocpp.station.pricing import moment_of
from ocpp.v2.types import languages

_COST = const("org.openchargealliance.costmsg")
_LANGUAGES = const("org.openchargealliance.multilanguage")


def personal(station, id_token, info):
    """An IdTokenInfoType may have a personal message: what this identifier pays, for example.
    Otherwise, where somebody may charge, there may be a text for all (I05)."""
    if not station.on_price:
        return
    message = info.get("personalMessage")
    if message:
        told = _words(message, info.get("customData"))
    else:
        text = station.settings.get("TariffCostCtrlr.TariffFallbackMessage")
        if not text or info["status"] != "Accepted":
            return
        told = {"text": text}
    preferred = languages(info)
    if preferred:
        told["languages"] = preferred
    station.part("pricing").user(id_token, told)


def running(station, connector, cost, custom=None):
    """What a transaction costs by now."""
    told = _custom(station, custom)
    told["cost"] = cost
    moment = None
    try:
        moment = moment_of(told.pop("triggerMeterValue", None))
    except (ValueError, TypeError, AttributeError) as e:
        log.warn("price", "triggerMeterValue:", e)
    station.part("pricing").running(connector, told, moment)


def of_event(station, connector, result, ended):
    """What a TransactionEventResponse tells of costs (I02, I03). `connector`: None if it is not
    known any more; `ended`: the answer to the end of the transaction."""
    if not station.on_price:
        return
    message = result.get("updatedPersonalMessage")
    if ended:
        told = _words(message, result.get("customData"))
        if "totalCost" in result:
            told["cost"] = result["totalCost"]
        elif message is None:
            text = station.settings.get("TariffCostCtrlr.TotalCostFallbackMessage")
            if not text:
                return
            told["text"] = text  # I04
        told.update(_custom(station, result.get("customData")))
        station.part("pricing").final(connector, told)
    elif connector and ("totalCost" in result or message):
        told = _words(message, result.get("customData"))
        if "totalCost" in result:
            told["cost"] = result["totalCost"]
        station.part("pricing").running(connector, told)


def _words(message, custom):
    """Text of a MessageContentType, and the same in other languages."""
    told = {}
    if message:
        told["text"] = message["content"]
        if "language" in message:
            told["language"] = message["language"]
    if custom and custom.get("vendorId") == _LANGUAGES:
        for name, value in custom.items():
            if name.endswith("Extra"):
                told["texts"] = value
    return told


def _custom(station, custom):
    """Fields of customData for California, without the vendor."""
    if not custom or custom.get("vendorId") != _COST:
        return {}
    if not station.settings.get("CustomDisplayCostAndPrice"):
        return {}
    told = dict(custom)
    del told["vendorId"]
    return told
