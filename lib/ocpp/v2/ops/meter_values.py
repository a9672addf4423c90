"""MeterValues, OCPP 2.0.1 J01: outside a transaction."""

from ocpp.calls import EVENT
from ocpp.v2.types import meter_value


def send(dialect, connector, stamp, samples, klass=EVENT):
    """Sent now, or never if the time of `stamp` is not known."""
    unix = dialect.station.unix_of(stamp)
    if unix is not None:
        payload = {"evseId": connector.id, "meterValue": [meter_value(unix, samples)]}
        dialect.station.rpc.call("MeterValues", payload, None, klass)
