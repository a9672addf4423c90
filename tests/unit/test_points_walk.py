# heap: 6M
# timeout: 600
# marks: slow
"""Random lives of a station of OCPP 2.0.1 under random TxStartPoint and TxStopPoint: whatever the
order of events, what is told fits together, and no energy flows that it has no right to."""

import random

from cases201 import Case, whole

POINTS = (
    "ParkingBayOccupancy",
    "EVConnected",
    "Authorized",
    "DataSigned",
    "PowerPathClosed",
    "EnergyTransfer",
)
SETTINGS = {
    "TxCtrlr.EVConnectionTimeOut": "20",
    "SampledDataCtrlr.TxUpdatedInterval": "15",
    "AuthCtrlr.OfflineTxForUnknownIdEnabled": "true",
}
_LIVES = const(25)
_STEPS = const(40)


class Life:
    def __init__(self, seed):
        random.seed(seed)
        settings = dict(SETTINGS)
        for name in ("TxCtrlr.StopTxOnEVSideDisconnect", "OCPPCommCtrlr.UnlockOnEVSideDisconnect"):
            settings[name] = random.choice(("true", "false"))
        settings["OnPowerLoss"] = random.choice(("stop", "resume"))
        lock = random.choice((True, False))
        self.start, self.stop = subset(), subset()
        self.s = Case(
            self.start, self.stop, settings, random.choice((1, 2)), config={"connector_lock": lock}
        )
        if random.choice((True, False)):
            for c in self.s.station.connectors:
                c.sign = lambda context, token: ("OCMF", "ECDSA", "OCMF|{}|%s" % context, "KEY")
        self.s.draw = 3
        self.told = {}  # transaction id -> events by number
        self.story = [(self.start, self.stop, settings, lock)]

    def step(self):
        name = random.choice(ACTS)
        n = random.choice([c.id for c in self.s.station.connectors])
        self.story.append((name, n))
        getattr(self, name)(n)
        self.s.run(random.choice((100, 400, 1500, 4000)), 50)
        self.look()

    def plug(self, n):
        self.s.plug(n, random.choice((True, True, False)))

    def unplug(self, n):
        self.s.unplug(n)

    def ready(self, n):
        c = self.s.station.connectors[n - 1]
        c.ev_ready = c.plugged and not c.ev_ready

    def bay(self, n):
        c = self.s.station.connectors[n - 1]
        c.occupied = not c.occupied

    def card(self, n):
        self.s.station.present(random.choice(("TAG1", "TAG2")), random.choice((n, None)))

    def remote_start(self, n):
        ask = {"idToken": {"idToken": "R", "type": "Central"}, "remoteStartId": len(self.story)}
        if random.choice((True, False)):
            ask["evseId"] = n
        self.s.ask("RequestStartTransaction", ask)

    def remote_stop(self, n):
        tx = self.s.station.connectors[n - 1].tx
        self.s.ask("RequestStopTransaction", {"transactionId": str(tx.id) if tx else "x"})

    def refuse(self, n):
        c = self.s.station.connectors[n - 1]
        if c.tx:
            c.deauthorize()

    def link(self, n):
        if self.s.connection.connected:
            self.s.connection.disconnect()
        else:
            self.s.connection.connect("ocpp2.0.1")

    def fault(self, n):
        c = self.s.station.connectors[n - 1]
        if c.errors:
            c.clear_error()
        else:
            c.set_error("GroundFailure")

    def limit(self, n):
        self.s.station.set_limit(n, random.choice((0, 10000, None)))

    def wait(self, n):
        self.s.run(22000, 100)

    def reboot(self, n):
        before = self.s
        self.look()
        self.s = before.reboot()
        for old, c in zip(before.station.connectors, self.s.station.connectors):
            c.plugged, c.ev_ready, c.occupied = old.plugged, old.ev_ready, old.occupied
            c.sign = old.sign
        self.s.draw = 3
        self.s.run(500)
        if random.choice((True, True, False)):
            self.s.connection.connect("ocpp2.0.1")

    def look(self):
        s = self.s
        for e in s.txs():
            events = self.told.setdefault(e["transactionInfo"]["transactionId"], {})
            assert events.setdefault(e["seqNo"], e) == e, "told twice, differently"
        s.forget()
        for c in s.station.connectors:
            if c.charging_permitted:
                assert c.plugged and not c.faulted and not c.paused
                assert c.tx.authorized if c.tx else c.grant.offered
            tx = c.tx
            if tx and not tx.ending and not tx.floating:
                over = not (c.plugged or c.occupied or tx.authorized)
                assert not over, "nothing holds of what runs"
            assert not (tx and tx.floating) or tx.authorized

    def end(self):
        """All is over; what was told fits together."""
        s = self.s
        s.leave()
        s.run(1000)
        for c in s.station.connectors:
            if c.tx and c.tx.authorized:  # suspended, with its cable still locked
                c.end(None, "Local", True)
        if not s.connection.connected:
            s.connection.connect("ocpp2.0.1")
        s.run(25000, 100)
        self.look()
        for c in s.station.connectors:
            assert c.tx is None and c.grant is None, (c.tx, c.grant)
        assert s.station.log.pending() == 0
        for id, events in self.told.items():
            whole(id, events)
            charged = any(
                [e["transactionInfo"].get("chargingState") == "Charging" for e in events.values()]
            )
            assert not charged or any(["idToken" in e for e in events.values()]), id
        return len(self.told)


ACTS = (
    "plug plug plug unplug unplug ready bay card card card card remote_start remote_stop refuse"
    " link fault limit wait reboot"
).split()


def subset():
    return ",".join([p for p in POINTS if random.choice((True, False, False))])


def live(seed):
    life = Life(seed)
    try:
        for _ in range(_STEPS):
            life.step()
        return life.end()
    except Exception as e:
        print("life", seed)
        for line in life.story:
            print("   ", line)
        raise e


def test_random_lives():
    told = sum([live(seed) for seed in range(_LIVES)])
    print("%d transactions" % told)
    assert told > 2 * _LIVES
