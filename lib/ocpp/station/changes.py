"""What a station has to say of its settings: what follows from a change, and whether one may be.

Imported for that moment. `Settings.owner` is the station.
"""


def wrong(station, name, text):
    """Why a setting can't become `text`, None: it can."""
    from ocpp.station.measurands import LISTS

    if name in LISTS:
        return station.metering.check(text)
    if name == "ScheduleTimeZone":
        from ocpp.station import zone

        return zone.wrong(text)
    if name.startswith("DefaultPrice"):
        from ocpp.station import pricing

        return pricing.wrong(text)
    if name == "SecurityProfile":
        return station.part("credentials").wrong_profile(text)
    if name == "OCPPCommCtrlr.NetworkConfigurationPriority":
        return station.part("network").wrong(text)
    return None


def changed(station, name, value, before):
    """A setting is `value` now."""
    if name == "MessageTimeout":
        station.rpc.timeout_ms = value * 1000
    elif name == "ClockAlignedDataInterval":
        station.aligned = value
    elif name == "HeartbeatInterval":
        station.registration.plan_heartbeat()
    elif name == "MinimumStatusDuration":
        station.statuses.hurry()
    elif name in ("SupplyVoltage", "ScheduleTimeZone", "SmartChargingEnabled"):
        station.limits.changed()
    elif name == "AuthorizationKey":
        station.part("credentials").password_changed()
    elif name == "SecurityProfile":
        if station.route:
            station.part("network").profile_changed(value)
        station.part("credentials").profile_changed(value, before)
