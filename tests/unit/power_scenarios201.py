"""As `power_scenarios.py`, of a station that speaks OCPP 2.0.1, whose transactions begin and end
as their start and stop points say."""

from power_station import Proof, Recorder, World

_REGISTER = "Energy.Active.Import.Register"


class Recorder201(Recorder):
    """Keeps the TransactionEvents of each transaction."""

    def __init__(self, world):
        Recorder.__init__(self, world)
        self.told = {}  # transaction id -> payloads, without repetitions
        self.answers["TransactionEvent"] = self._transaction

    def _transaction(self, payload):
        if self._first("event", payload, payload["timestamp"])[1]:
            id = payload["transactionInfo"]["transactionId"]
            self.told.setdefault(id, []).append(payload)
            if payload["eventType"] == "Started":
                self.starts[id] = payload
        return {"idTokenInfo": {"status": "Accepted"}} if "idToken" in payload else {}


class World201(World):
    protocol = "ocpp2.0.1"
    config = {"ocpp": {"url": "ws://x/", "id": "cp", "version": "2.0.1"}}
    recorder = Recorder201

    def _judge_transactions(self):
        """Each has one start and one end, no number is missing or twice. -> Wh told"""
        told = 0
        for id, events in self.csms.told.items():
            kinds = [e["eventType"] for e in events]
            assert kinds[0] == "Started" and kinds[-1] == "Ended", (id, kinds)
            assert kinds.count("Started") == kinds.count("Ended") == 1, (id, kinds)
            numbers = [e["seqNo"] for e in events]
            assert numbers == list(range(len(numbers))), (id, numbers)
            begin = [v for e in events for v in _values(e, "Transaction.Begin")]
            end = _values(events[-1], "Transaction.End")
            if begin:
                assert begin[0] <= end[-1], (id, begin, end)
                told += end[-1] - begin[0]
        return told


def _values(event, context):
    """Registers of an event."""
    return [
        v["value"]
        for m in event.get("meterValue", ())
        for v in m["sampledValue"]
        if v["context"] == context and v["measurand"] == _REGISTER
    ]


def points(start, stop, settings=None, connectors=1, stays=False):
    settings = dict(settings or {})
    settings["TxCtrlr.TxStartPoint"] = start
    settings["TxCtrlr.TxStopPoint"] = stop
    world = World201(connectors, settings)
    world.leaves = not stays
    return world


def plug_to_plug(world):
    """The cable begins and ends it; a card comes and goes in between, and comes again."""
    s = world.boot()
    s.run(1000)
    s.plug()
    s.run(3000)
    for _ in range(2):
        s.station.present("CARD1")
        s.run(25000)
        s.station.present("CARD1")
        s.run(3000)
    s.unplug()
    s.run(3000)
    return s


def offline(world):
    s = world.boot()
    s.run(1000)
    s.connection.disconnect()
    s.plug()
    s.run(1000)
    s.station.present("CARD1")
    s.run(30000)
    s.unplug()
    s.run(2000)
    s.connection.connect("ocpp2.0.1")
    s.run(5000)
    return s


def found_by_the_car(world):
    """A card first, and the car comes to the other connector."""
    s = world.boot()
    s.run(1000)
    s.station.present("CARD1")
    s.run(2000)
    s.plug(2)
    s.run(30000)
    s.station.present("CARD1", 2)
    s.run(2000)
    s.unplug(2)
    s.run(2000)
    return s


OFFLINE = {"AuthCtrlr.OfflineTxForUnknownIdEnabled": "true"}
RESUME = {"OnPowerLoss": "resume"}

CASES = (
    Proof("plug to plug", lambda: points("EVConnected", "EVConnected"), plug_to_plug, 1),
    Proof(
        "plug to plug, resumed",
        lambda: points("EVConnected", "EVConnected", RESUME, stays=True),
        plug_to_plug,
        1,
    ),
    Proof("offline", lambda: points("Authorized,EVConnected", "Authorized", OFFLINE), offline, 1),
    Proof(
        "found by the car",
        lambda: points("Authorized", "Authorized", connectors=2),
        found_by_the_car,
        1,
    ),
    Proof(
        "energy to energy",
        lambda: points("EnergyTransfer", "EnergyTransfer,EVConnected"),
        plug_to_plug,
        2,
    ),
)
