"""ChargingProfile of OCPP 1.6 (§7.8) in the words of the domain."""

from ocpp.iso import from_iso
from ocpp.station.fields import STATION_MAX

_STATION_MAX = "ChargePointMaxProfile"


def purpose(word):
    """A chargingProfilePurpose in the words of the domain."""
    return STATION_MAX if word == _STATION_MAX else word


def plain(p):
    """What `profile_rules.record` takes, of a ChargingProfile that has passed its schema."""
    schedule = p["chargingSchedule"]
    return {
        "id": p["chargingProfileId"],
        "stack": p["stackLevel"],
        "purpose": purpose(p["chargingProfilePurpose"]),
        "kind": p["chargingProfileKind"],
        "recurrency": p.get("recurrencyKind"),
        "from": _time(p.get("validFrom")),
        "to": _time(p.get("validTo")),
        "start": _time(schedule.get("startSchedule")),
        "duration": schedule.get("duration"),
        "unit": schedule["chargingRateUnit"],
        "least": schedule.get("minChargingRate"),
        "tx": p.get("transactionId"),
        "periods": schedule["chargingSchedulePeriod"],
    }


def _time(text):
    return None if text is None else from_iso(text)
