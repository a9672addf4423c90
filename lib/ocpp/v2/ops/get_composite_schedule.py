"""GetCompositeSchedule, OCPP 2.0.1 K08. A job: answered later."""

from ocpp.calls import CallError


def handle(dialect, request):
    station = dialect.station
    if not station.settings.get("SmartChargingEnabled"):
        raise CallError("NotSupported", "smart charging is switched off")
    p = request.payload
    why = None
    allowed = station.settings.get("ChargingScheduleAllowedChargingRateUnit")
    unit = p.get("chargingRateUnit")
    if not 0 <= p["evseId"] <= len(station.connectors):
        why = "UnknownEvse"  # K08.FR.05
    elif unit and ("Current" if unit == "A" else "Power") not in allowed:
        why = "UnsupportedRateUnit"  # K08.FR.07
    elif p["duration"] <= 0:
        why = "InvalidValue"
    elif station.clock.unix() is None:
        why = "InternalError"  # its start can't be told
    if why:
        return {"status": "Rejected", "statusInfo": {"reasonCode": why}}
    unit = unit or ("A" if "Current" in allowed else "W")
    station.jobs.append(request.finished_by(_answer(station, p, unit, request)))
    return None


def _answer(station, p, unit, request):
    station.tidy()  # what led here is not needed any more
    from ocpp.iso import to_iso
    from ocpp.station import composite

    start, schedule = yield from composite.answer(station, p["evseId"], p["duration"], unit, True)
    schedule["evseId"] = p["evseId"]
    schedule["scheduleStart"] = to_iso(start)
    del composite
    station.tidy()
    yield
    request.reply({"status": "Accepted", "schedule": schedule})
