"""Heartbeat, OCPP 1.6 §4.6."""

from ocpp.v16.types import time_of


def send(dialect, done):
    def answered(result, error):
        done(time_of(result["currentTime"]) if result else None)

    dialect.station.rpc.call("Heartbeat", {}, answered)
