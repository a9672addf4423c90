"""Notifications that are wired in: NotifyEvent for what a station must tell unasked (OCPP 2.0.1
G05.FR.02). Loaded for that."""

from ocpp.iso import to_iso
from ocpp.v2.types import CONNECTOR

# Error of the domain -> component and variable that say so
_VARIABLES = {"ConnectorLockFailure": ("ConnectorPlugRetentionLock", "Problem")}


def tell(dialect, connector, code, active):
    """An error of a connector appeared, or is gone."""
    if code not in _VARIABLES:
        return
    station = dialect.station
    component, variable = _VARIABLES[code]
    stamp = station.stamp()
    id = station.rpc.next_order()

    evse = {"id": connector.id, "connectorId": CONNECTOR}

    def made():
        unix = station.unix_of(stamp)
        if unix is None:
            return None
        event = {
            "eventId": id,
            "timestamp": to_iso(unix),
            "trigger": "Alerting",
            "actualValue": "true" if active else "false",
            "eventNotificationType": "HardWiredNotification",
            "component": {"name": component, "evse": evse},
            "variable": {"name": variable},
        }
        if not active:
            event["cleared"] = True
        return {"generatedAt": event["timestamp"], "seqNo": 0, "eventData": [event]}

    station.rpc.call("NotifyEvent", made)
