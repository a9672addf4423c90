"""GetMonitoringReport, OCPP 2.0.1 N02: told in parts by NotifyMonitoringReport."""

from ocpp.calls import CallError

_MOST = const(6)  # monitors in a part
_CRITERIA = {
    "UpperThreshold": "ThresholdMonitoring",
    "LowerThreshold": "ThresholdMonitoring",
    "Delta": "DeltaMonitoring",
}


def handle(dialect, request):
    from ocpp.station import monitors
    from ocpp.v2 import parts, reports

    p = request.payload
    station = dialect.station
    listed = list(p.get("componentVariable", ()))
    if len(listed) > station.settings.get("DeviceDataCtrlr.ItemsPerMessage[GetReport]"):
        raise CallError("OccurrenceConstraintViolation", "too many variables")
    criteria = p.get("monitoringCriteria")
    found = []
    for m in station.part("monitors").list:
        kind = _CRITERIA.get(m[monitors.KIND], "PeriodicMonitoring")
        if criteria and kind not in criteria:
            continue
        if reports.listed((m[monitors.COMPONENT], m[monitors.VARIABLE]), listed):
            found.append(m)
    if not found:
        return {"status": "EmptyResultSet"}
    station.jobs.append(
        parts.send(
            station, "NotifyMonitoringReport", p["requestId"], "ops.get_monitoring_report", found
        )
    )
    return {"status": "Accepted"}


def batch(station, wanted, place):
    """See `parts.send`."""
    place = place or 0
    behind = place + _MOST
    told = {"monitor": [_told(m) for m in wanted[place:behind]]}
    yield
    return told, behind if behind < len(wanted) else None


def _told(m):
    """MonitoringDataType."""
    from ocpp.v2 import variables

    id, component, variable, _, kind, value, severity, transaction = m
    return {
        "component": variables.component_of(component),
        "variable": variables.variable_of(variable),
        "variableMonitoring": [
            {
                "id": id,
                "transaction": transaction,
                "value": value,
                "type": kind,
                "severity": severity,
            }
        ],
    }
