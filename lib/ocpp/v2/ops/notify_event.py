"""NotifyEvent, OCPP 2.0.1 N07, N08: events of monitors."""

from ocpp.clock import FLOOR
from ocpp.iso import to_iso
from ocpp.station import monitors
from ocpp.v2 import variables


def send(dialect, events):
    """`events`: see `station/monitors.py`."""
    station = dialect.station
    payload = {"generatedAt": _time(station, station.stamp()), "seqNo": 0, "tbc": False}
    payload["eventData"] = [_data(station, event) for event in events]
    station.rpc.call("NotifyEvent", payload)


def _data(station, event):
    m, trigger, text, cleared, stamp, transaction, number = event
    data = {
        "eventId": number,
        "timestamp": _time(station, stamp),
        "trigger": trigger,
        "actualValue": text,
        "eventNotificationType": "CustomMonitor",
        "variableMonitoringId": m[monitors.ID],
        "component": variables.component_of(m[monitors.COMPONENT]),
        "variable": variables.variable_of(m[monitors.VARIABLE]),
    }
    if cleared:
        data["cleared"] = True
    if transaction:
        data["transactionId"] = transaction
    return data


def _time(station, stamp):
    unix = station.unix_of(stamp)
    return to_iso(FLOOR if unix is None else unix)
