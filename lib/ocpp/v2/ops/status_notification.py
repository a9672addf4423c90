"""StatusNotification, OCPP 2.0.1 G01."""

from ocpp.clock import FLOOR
from ocpp.iso import to_iso
from ocpp.v2.types import CONNECTOR


def payload(dialect, connector_id, state, stamp):
    unix = dialect.station.unix_of(stamp)
    return {
        # A time is demanded, even where the central system gave none that could be believed.
        "timestamp": to_iso(FLOOR if unix is None else unix),
        "connectorStatus": dialect.status_word(state),
        "evseId": connector_id,
        "connectorId": CONNECTOR,
    }
