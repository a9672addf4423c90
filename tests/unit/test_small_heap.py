# heap: 288K
# timeout: 120
"""Full sessions of two connectors in a heap of 288 kB, where each object is twice the size of a
board's: what they need must fit, sources compiled on the way included."""

import gc
import os

from central import Setup

LIST = {
    "listVersion": 1,
    "updateType": "Full",
    "localAuthorizationList": [
        {"idTag": "CARD%02d" % n, "idTagInfo": {"status": "Accepted"}} for n in range(2)
    ],
}
RESERVATION = {
    "connectorId": 1,
    "expiryDate": "2030-01-01T00:00:00Z",
    "idTag": "CARD",
    "reservationId": 1,
}
OPERATIONS = (
    ("GetConfiguration", {}),
    ("ChangeConfiguration", {"key": "ConnectionTimeOut", "value": "99"}),
    ("ChangeAvailability", {"connectorId": 0, "type": "Operative"}),
    ("ClearCache", {}),
    ("DataTransfer", {"vendorId": "v"}),
    ("UnlockConnector", {"connectorId": 1}),
    ("SendLocalList", LIST),
    ("GetLocalListVersion", {}),
    ("ReserveNow", RESERVATION),
    ("CancelReservation", {"reservationId": 1}),
    ("TriggerMessage", {"requestedMessage": "MeterValues"}),
)
_COLLECT = const(16384)  # bytes, as the firmware does: what lives long stays together


class Told:
    """Of the frames, what the test looks at."""

    def __init__(self):
        self.starts = []  # idTag
        self.stops = []  # (meterStop, number of values)
        self.meter_values = 0

    def append(self, entry):
        frame = entry[1]
        action, payload = frame[2], frame[-1]
        if action == "StartTransaction":
            self.starts.append(payload["idTag"])
        elif action == "StopTransaction":
            self.stops.append((payload["meterStop"], len(payload["transactionData"])))
        elif action == "MeterValues":
            self.meter_values += 1


def charge_both(s):
    """Two sessions side by side, one begun by the central system, with meter values of every
    kind."""
    s.plug(1)
    s.plug(2)
    s.run(200)
    s.station.present("TAG1", 1)
    s.run(500)
    assert s.ask("RemoteStartTransaction", {"idTag": "TAG2", "connectorId": 2}, 1000) == {
        "status": "Accepted"
    }
    s.run(30000, 100)
    assert [c.status for c in s.station.connectors] == ["Charging", "Charging"]
    second = s.station.connectors[1].transaction.id
    s.station.present("TAG1", 1)
    s.run(500)
    assert s.ask("RemoteStopTransaction", {"transactionId": second}, 1000) == {
        "status": "Accepted"
    }
    s.run(500)
    s.unplug(1)
    s.unplug(2)
    s.run(1000)
    assert [c.status for c in s.station.connectors] == ["Available", "Available"]


def operate(s):
    for action, payload in OPERATIONS:
        assert isinstance(s.ask(action, payload, 2000), dict), action
        s.csms.results.clear()


def settled(s):
    """Bytes that are free once all is quiet: what a stale number on the stack or in garbage kept
    alive one time is gone another time."""
    free = 0
    for _ in range(4):
        s.run(1000)
        gc.collect()
        free = max(free, gc.mem_free())
    return free


def test_sessions_of_two_connectors():
    gc.threshold(_COLLECT)
    settings = {
        "MeterValueSampleInterval": "5",
        "ClockAlignedDataInterval": "15",
        "StopTxnSampledData": "Energy.Active.Import.Register,Voltage",
    }
    s = Setup(2, settings, os.getenv("TMPDIR"))
    told = s.csms.frames = Told()
    for c in s.station.connectors:
        c.measure("Voltage", lambda: 230.5, "V", "L1-N")
        c.measure("Power.Active.Import", lambda: 3680)
    s.draw = 10
    s.run(1000)
    charge_both(s)
    assert told.starts == ["TAG1", "TAG2"] and told.meter_values >= 12
    assert [wh for wh, _ in told.stops] == s.wh and min(s.wh) >= 250
    assert min([count for _, count in told.stops]) > 3
    # The other operations find room, too. The first time their names stay; after that all that
    # they take is given back.
    operate(s)
    free = settled(s)
    operate(s)
    assert settled(s) > free - 1024, (free, settled(s))


def test_the_heap_is_small():
    gc.collect()
    assert gc.mem_free() + gc.mem_alloc() < 288 * 1024
