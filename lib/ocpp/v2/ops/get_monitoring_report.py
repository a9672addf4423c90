"""GetMonitoringReport, OCPP 2.0.1 N02: told in parts by NotifyMonitoringReport."""

from ocpp.calls import CallError
from ocpp.clock import FLOOR
from ocpp.iso import to_iso

_MOST = const(6)  # monitors in a part
_CRITERIA = {
    "UpperThreshold": "ThresholdMonitoring",
    "LowerThreshold": "ThresholdMonitoring",
    "Delta": "DeltaMonitoring",
}


def handle(dialect, request):
    from ocpp.station import monitors
    from ocpp.v2 import reports, stream

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
    head = {"requestId": p["requestId"]}
    station.jobs.append(
        stream.send(station, "NotifyMonitoringReport", head, _parts(station, found))
    )
    return {"status": "Accepted"}


def _parts(station, found):
    unix = station.clock.unix()
    at = to_iso(FLOOR if unix is None else unix)
    for number in range(0, len(found), _MOST):
        told = [_told(m) for m in found[number : number + _MOST]]
        yield {"seqNo": number // _MOST, "generatedAt": at, "monitor": told}


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
