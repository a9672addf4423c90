"""NotifyChargingLimit and ClearedChargingLimit, OCPP 2.0.1 K11 to K14."""

from ocpp.v2.profile import source as source_of


def send(dialect, number, source, limit, critical):
    """See `Dialect.limited`."""
    station = dialect.station
    name = source_of(source)
    payload = {"evseId": number} if number else {}
    if limit is None:
        payload["chargingLimitSource"] = name
        return station.rpc.call("ClearedChargingLimit", payload)
    payload["chargingLimit"] = {"chargingLimitSource": name}
    if critical is not None:
        payload["chargingLimit"]["isGridCritical"] = bool(critical)
    if station.settings.get("SmartChargingCtrlr.NotifyChargingLimitWithSchedules"):
        payload["chargingSchedule"] = [_schedule(station, limit)]
    station.rpc.call("NotifyChargingLimit", payload)


def _schedule(station, limit):
    amperes, end = limit
    schedule = {
        "id": 1,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": amperes / 10}],
    }
    if end is not None:
        schedule["duration"] = max(1, end - station.clock.uptime())
    unix = station.clock.unix()
    if unix is not None:
        from ocpp.iso import to_iso

        schedule["startSchedule"] = to_iso(unix)
    return schedule
