"""What the central system answers by itself: Heartbeat, StatusNotification, parts of reports.

A function takes (central, station, payload) and returns the payload of the answer.
"""

from csms_app.station import now


def _heartbeat(central, station, payload):
    return {"currentTime": now()}


def _status16(central, station, payload):
    """OCPP 1.6 §4.9"""
    values = {"status": payload["status"], "error_code": payload["errorCode"]}
    names = ("info", "vendorId", "vendorErrorCode", "timestamp")
    values.update((n, payload[n]) for n in names if n in payload)
    if payload["connectorId"] == 0:
        station.status = values
    else:
        station.set_connector(payload["connectorId"], 1, **values)
    central.station_changed(station)
    return {}


def _status2(central, station, payload):
    """OCPP 2.0.1 G01"""
    station.set_connector(
        payload["evseId"],
        payload["connectorId"],
        status=payload["connectorStatus"],
        timestamp=payload["timestamp"],
    )
    central.station_changed(station)
    return {}


def _report(central, station, payload):
    """OCPP 2.0.1 B07, B08"""
    report = station.reports.take(payload, station.model)
    station.changed = True
    if not payload.get("tbc", False):
        central.station_changed(station)
    if report is not None:
        central.tell(station, "report_received", report)
    return {}


AUTOMATIC_16 = {"Heartbeat": _heartbeat, "StatusNotification": _status16}
AUTOMATIC_2 = {
    "Heartbeat": _heartbeat,
    "NotifyReport": _report,
    "StatusNotification": _status2,
}
AUTOMATIC = {"1.6": AUTOMATIC_16, "2.0.1": AUTOMATIC_2, "2.1": AUTOMATIC_2}
