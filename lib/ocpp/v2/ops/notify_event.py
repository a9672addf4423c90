"""NotifyEvent, OCPP 2.0.1 N07, N08: events of monitors, and what is told unasked (G05)."""

from ocpp.station import monitors
from ocpp.v2 import variables
from ocpp.v2.parts import now


def send(dialect, events):
    """`events`: see `station/monitors.py`."""
    station = dialect.station
    payload = {"generatedAt": now(station), "seqNo": 0, "tbc": False}
    payload["eventData"] = [_data(station, event) for event in events]
    station.rpc.call("NotifyEvent", payload)


def _data(station, event):
    m, trigger, text, cleared, stamp, transaction, number = event
    data = {
        "eventId": number,
        "timestamp": now(station, stamp),
        "trigger": trigger,
        "actualValue": text,
        "eventNotificationType": "CustomMonitor",
        "component": variables.component_of(m[monitors.COMPONENT]),
        "variable": variables.variable_of(m[monitors.VARIABLE]),
    }
    if m[monitors.ID] is None:
        data["eventNotificationType"] = "HardWiredNotification"
    else:
        data["variableMonitoringId"] = m[monitors.ID]
    if cleared:
        data["cleared"] = True
    if transaction:
        data["transactionId"] = transaction
    return data
