"""What a charging profile must be; the reasons why one is refused, in the words of OCPP 2.x.

Imported while one is looked at. One whose schedule has an id is judged as OCPP 2.0.1 K01 has it,
others as OCPP 1.6: an Absolute schedule without a start begins with the charging (§7.13), a
Relative one with a start ignores that, and the station's own limit may be Relative to its
installation.
"""

import array

from ocpp.log import log
from ocpp.station import fields as s

_MOST = const(1000000)  # A or W: beyond it there is no limit worth the name
_LATEST = const(0x7FFFFFFF)  # s: what is kept has 32 bits
_CYCLES = {"Daily": 86400, "Weekly": 604800}


def record(station, number, p):
    """The profile `p` for connector `number` as it is kept (`fields`). `p`: a ChargingProfileType
    of OCPP 2.x that has passed its schema, or the like of it, whose schedule has no id then.
    ValueError with the reason."""
    schedule = p["chargingSchedule"][0]
    sid = schedule.get("id")
    _scope(station, number, p)
    begin, end = _time(p, "validFrom"), _time(p, "validTo")
    start = _start(p, _time(schedule, "startSchedule"), sid is not None)
    duration = schedule.get("duration")
    if duration is not None and duration <= 0:
        raise ValueError("ChargingScheduleInvalidDuration")
    if begin is not None and end is not None and end <= begin:
        raise ValueError("ChargingProfileInvalidValidity")
    allowed = station.settings.get("ChargingScheduleAllowedChargingRateUnit")
    unit = schedule["chargingRateUnit"]
    if ("Current" if unit == "A" else "Power") not in allowed:
        raise ValueError("ChargingScheduleChargingRateUnitUnsupported")
    kind = p["chargingProfileKind"]
    if kind == "Absolute" and start is None:
        kind = "Relative"
    least = schedule.get("minChargingRate")
    if least is not None:
        least = _tenths(least, "ChargingSchedule")
    cycle = _CYCLES[p["recurrencyKind"]] if kind == "Recurring" else 0
    head = [p["id"], number, p["chargingProfilePurpose"], p["stackLevel"], kind, cycle, begin, end]
    periods = _periods(station, schedule["chargingSchedulePeriod"])
    head += [start, duration, unit, least, station.clock.unix(), None, 0, periods]
    return head + [sid, None]


def transaction(station, number, p):
    """The local key of the transaction that a TxProfile is for, None for other purposes.
    ValueError with the reason."""
    if p["chargingProfilePurpose"] != s.TRANSACTION:
        return None
    if number < 1:
        raise ValueError("TxProfileEvseIdNotGreaterThanZero")
    if p.get("transactionId") is None:
        raise ValueError("TxProfileMissingTransactionId")
    tx = station.connectors[number - 1].tx
    if tx is None or tx.ending:
        raise ValueError("TxProfileEvseHasNoActiveTransaction")
    if tx.id is None or tx.id != p["transactionId"]:
        raise ValueError("TxProfileTransactionNotOnEvse")
    return tx.key


def _time(p, name):
    if p.get(name) is None:
        return None
    from ocpp.iso import from_iso

    return from_iso(p[name])


def _scope(station, number, p):
    purpose = p["chargingProfilePurpose"]
    if not 0 <= number <= len(station.connectors):
        raise ValueError("EvseDoesNotExist")
    if purpose == s.EXTERNAL:
        raise ValueError("InvalidProfileType")
    if purpose == s.STATION_MAX and number:
        raise ValueError("ChargingStationMaxProfileEvseIdGreaterThanZero")
    if not 0 <= p["stackLevel"] <= station.settings.get("ChargeProfileMaxStackLevel"):
        raise ValueError("ChargeProfileMaxStackLevel")


def _start(p, start, strict):
    """When the schedule starts, None: with the charging, or with the installation."""
    kind = p["chargingProfileKind"]
    if kind == "Recurring":
        if p.get("recurrencyKind") is None:
            raise ValueError("ChargingProfileMissingRecurrencyKind")
        if start is None:
            raise ValueError("ChargingProfileMissingRequiredStartSchedule")
    reason = None
    if kind == "Absolute" and start is None:
        reason = "ChargingProfileMissingRequiredStartSchedule"
    elif kind == "Relative" and start is not None:
        reason = "ChargingProfileExtraneousStartSchedule"
        start = None
    elif kind == "Relative" and p["chargingProfilePurpose"] == s.STATION_MAX:
        reason = "ChargingStationMaxProfileCannotBeRelative"
    if reason:
        if strict:
            raise ValueError(reason)
        log.warn("profile", p["id"], "is taken all the same:", reason)
    return start


def _periods(station, periods):
    if not periods:
        raise ValueError("ChargingProfileNoChargingSchedulePeriods")
    if len(periods) > station.settings.get("ChargingScheduleMaxPeriods"):
        raise ValueError("ChargingScheduleMaxPeriods")
    if periods[0]["startPeriod"] != 0:
        raise ValueError("ChargingProfileFirstStartScheduleIsNotZero")
    flat = []
    last = -1
    for period in periods:
        start, phases = period["startPeriod"], period.get("numberPhases")
        if not last < start <= _LATEST:
            raise ValueError("ChargingSchedulePeriodsOutOfOrder")
        last = start
        if phases is not None and not 1 <= phases <= 3:
            raise ValueError("ChargingSchedulePeriodUnsupportedNumberPhases")
        phases = (phases or 0) + 16 * _phase(station, period)
        flat += [start, _tenths(period["limit"], "ChargingSchedulePeriod"), phases]
    return array.array("i", flat)


def _phase(station, period):
    """The phase to use, 0: none is named (OCPP 2.0.1 K01.FR.19, FR.20)."""
    phase = period.get("phaseToUse")
    if phase is None:
        return 0
    if not 1 <= phase <= 3 or period.get("numberPhases") != 1:
        raise ValueError("ChargingSchedulePeriodInvalidPhaseToUse")
    if not station.settings.get("SmartChargingCtrlr.ACPhaseSwitchingSupported"):
        raise ValueError("ChargingSchedulePeriodPhaseToUseACPhaseSwitchingUnsupported")
    return phase


def _tenths(number, what):
    """A limit in tenths; more digits than that are cut off, in favour of the fuse."""
    if not number >= 0:  # also what is no number
        raise ValueError(what + "NonFiniteValue")
    number = min(number, _MOST)
    return number * 10 if isinstance(number, int) else int(number * 10 + 0.05)
