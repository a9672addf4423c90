"""ChargingProfile of OCPP 2.x (K, part 2 §2) in the words of the domain, and back."""

from ocpp.iso import to_iso
from ocpp.station import fields as f

# Reason why a profile is refused, or what it begins with -> reason code (appendix 5)
_CODES = (
    ("ChargingScheduleChargingRateUnit", "UnsupportedRateUnit"),
    ("ChargingScheduleMaxPeriods", "TooManyElements"),
    ("ChargingSchedulePeriodPhaseToUse", "UnsupportedParam"),
    ("ChargingSchedulePeriod", "InvalidSchedule"),
    ("ChargingSchedule", "InvalidSchedule"),
    ("ChargingProfileTooMany", "UnsupportedParam"),
    ("ChargingProfileFirst", "InvalidSchedule"),
    ("ChargingProfileNo", "InvalidSchedule"),
    ("ChargingProfileMissingRequired", "InvalidSchedule"),
    ("ChargingProfileExtraneous", "InvalidSchedule"),
    ("EvseDoesNotExist", "UnknownEvse"),
    ("TxProfileMissingTransactionId", "MissingParam"),
    ("TxProfileEvseHasNo", "TxNotFound"),
    ("TxProfileTransactionNotOnEvse", "TxNotFound"),
    ("TxProfileConflicting", "DuplicateProfile"),
    ("Duplicate", "DuplicateProfile"),
    ("ChargeProfileMaxStackLevel", "InvalidStackLevel"),
    ("MaxChargingProfilesInstalled", "TooManyElements"),
    ("FlashFull", "OutOfStorage"),
)


def record(station, number, p):
    """The profile `p` (ChargingProfileType) for an EVSE as it is kept. ValueError with the
    reason."""
    from ocpp.station import profile_rules

    schedules = p["chargingSchedule"]
    if len(schedules) > 1 and (
        p["chargingProfilePurpose"] != f.TRANSACTION or station.iso15118 is None
    ):
        raise ValueError("ChargingProfileTooManySchedules")  # only for ISO 15118 (K15)
    found = profile_rules.record(station, number, p)
    found[f.EXTRA] = _extra(schedules)
    for _, _, other in external(station):
        if other["id"] == p["id"]:
            raise ValueError("ExistingChargingStationExternalConstraints")
    return found


def refused(why):
    """The answer to a profile that can't be, by its reason."""
    info = {"reasonCode": "InvalidProfile", "additionalInfo": str(why)}
    for start, code in _CODES:
        if info["additionalInfo"].startswith(start):
            info["reasonCode"] = code
            break
    return {"status": "Rejected", "statusInfo": info}


def told(station, profile):
    """The ChargingProfileType of a profile that is kept."""
    schedule = _schedule(profile)
    extra = profile[f.EXTRA] or {}
    if extra.get("tariff"):
        schedule["salesTariff"] = extra["tariff"]
    out = {
        "id": profile[f.ID],
        "stackLevel": profile[f.STACK],
        "chargingProfilePurpose": profile[f.PURPOSE],
        "chargingProfileKind": profile[f.KIND],
        "chargingSchedule": [schedule] + extra.get("more", []),
    }
    if profile[f.CYCLE]:
        out["recurrencyKind"] = "Daily" if profile[f.CYCLE] == 86400 else "Weekly"
    for field, name in ((f.FROM, "validFrom"), (f.TO, "validTo")):
        if profile[field] is not None:
            out[name] = to_iso(profile[field])
    if profile[f.TX] is not None:
        for c in station.connectors:
            if c.tx and c.tx.key == profile[f.TX]:
                out["transactionId"] = str(c.tx.id)
    return out


def _schedule(profile):
    schedule = {
        "id": profile[f.SID] or 0,
        "chargingRateUnit": profile[f.UNIT],
        "chargingSchedulePeriod": periods(profile[f.PERIODS]),
    }
    if profile[f.START] is not None:
        schedule["startSchedule"] = to_iso(profile[f.START])
    if profile[f.DURATION] is not None:
        schedule["duration"] = profile[f.DURATION]
    if profile[f.LEAST] is not None:
        schedule["minChargingRate"] = profile[f.LEAST] / 10
    return schedule


def periods(flat):
    """ChargingSchedulePeriodTypes of start, limit in tenths, phases as in `fields`, start, ..."""
    found = []
    for i in range(0, len(flat), 3):
        period = {"startPeriod": flat[i], "limit": flat[i + 1] / 10}
        if flat[i + 2] & 15:
            period["numberPhases"] = flat[i + 2] & 15
        if flat[i + 2] >> 4:
            period["phaseToUse"] = flat[i + 2] >> 4
        found.append(period)
    return found


def external(station):
    """[(source, EVSE, ChargingProfileType)] of the limits that the host has set (K09, K11)."""
    out = []
    limits = station.limits.external
    unix = station.clock.unix()
    for i, key in enumerate(sorted(limits)):
        limit, end = limits[key]
        schedule = {
            "id": -1 - i,
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit / 10}],
        }
        if end is not None:
            schedule["duration"] = max(1, end - station.clock.uptime())
        if unix is not None:
            schedule["startSchedule"] = to_iso(unix)
        profile = {
            "id": -1 - i,
            "stackLevel": 0,
            "chargingProfilePurpose": f.EXTERNAL,
            "chargingProfileKind": "Absolute",
            "chargingSchedule": [schedule],
        }
        out.append((source(key[0]), key[1], profile))
    return out


def source(name):
    """chargingLimitSource of a source of limits."""
    return name if name in ("EMS", "SO") else "Other"


def _extra(schedules):
    extra = {}
    if schedules[0].get("salesTariff"):
        extra["tariff"] = _copy(schedules[0]["salesTariff"])
    if len(schedules) > 1:
        extra["more"] = [_copy(schedules[i]) for i in range(1, len(schedules))]
    return extra or None


def _copy(value):
    """JSON of dicts and lists alone (long messages have other sequences)."""
    if isinstance(value, dict):
        return {k: _copy(v) for k, v in value.items()}
    if isinstance(value, list) or hasattr(value, "marks"):
        return [_copy(value[i]) for i in range(len(value))]
    return value
