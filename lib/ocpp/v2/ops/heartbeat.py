"""Heartbeat, OCPP 2.0.1 G02."""

from ocpp.calls import EVENT
from ocpp.v2.types import time_of


def send(dialect, done, klass=EVENT):
    def answered(result, error):
        done(time_of(result["currentTime"]) if result else None)

    dialect.station.rpc.call("Heartbeat", {}, answered, klass)
