"""Heartbeat, OCPP 1.6 §4.6."""

from ocpp.calls import EVENT, TRIGGERED
from ocpp.v16.types import time_of


def send(dialect, done, klass=EVENT):
    def answered(result, error):
        done(time_of(result["currentTime"]) if result else None)

    dialect.station.rpc.call("Heartbeat", {}, answered, klass)


def triggered(dialect, number):
    """See `trigger_message`."""
    registration = dialect.station.registration

    def done(unix):
        if unix is not None:
            registration.set_time(unix)

    send(dialect, done, TRIGGERED)
    return True
