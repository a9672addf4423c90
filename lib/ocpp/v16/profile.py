"""ChargingProfile of OCPP 1.6 (§7.8) in the words of the domain, which are those of OCPP 2.x."""

from ocpp.station.fields import STATION_MAX


def purpose(word):
    """A chargingProfilePurpose in the words of the domain."""
    return STATION_MAX if word == "ChargePointMaxProfile" else word


def plain(p):
    """What `profile_rules.record` takes, of a ChargingProfile that has passed its schema."""
    p = dict(p)
    p["id"] = p["chargingProfileId"]
    p["chargingProfilePurpose"] = purpose(p["chargingProfilePurpose"])
    p["chargingSchedule"] = (p["chargingSchedule"],)
    return p
