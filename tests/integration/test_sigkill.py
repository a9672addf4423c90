"""SIGKILL of `tools/charger` at any moment, again and again, with the shipped CSMS: a power cut of
a real process. Whatever energy its meters counted must be in the books of the CSMS, once.

No energy flows outside of a transaction, so each Wh of a register belongs to one; only what flowed
right before a kill may be missing between the end of one transaction and the start of the next.
"""

import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from clients import ApiError

TAGS = ("ALICE", "BOB")
CONNECTORS = (1, 2)
MOST_WH = 100  # of each session a kill may put in doubt
SPEED = 20
SETTINGS = {
    "MeterValueSampleInterval": "20",
    "RetryBackOffWaitMinimum": "1",
    "RetryBackOffRandomRange": "0",
    "RetryBackOffRepeatTimes": "0",
    "LocalPreAuthorize": "true",
    "AllowOfflineTxForUnknownId": "true",
}


class Victim:
    """A charger that is killed, and what is done to it in between."""

    def __init__(self, cs, flash, seed):
        self.cs = cs
        self.flash = Path(flash)
        self.dice = random.Random(seed)
        self.started = 0  # sessions begun, roughly

    def kill_in_action(self):
        """Start it, let users do something, pull the plug."""
        end = time.monotonic() + self.dice.uniform(0, 1.2)
        while time.monotonic() < end:
            self._act()
            time.sleep(self.dice.uniform(0, 0.2))
        self.cs.kill()

    def kill_at_start(self):
        """Pull the plug while it comes up."""
        process = subprocess.Popen(
            self.cs.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(self.dice.uniform(0.2, 1.2))
        process.send_signal(signal.SIGKILL)
        process.wait()

    def _act(self):
        number = self.dice.choice(CONNECTORS)
        act = self.dice.choice((self._session, self._session, self._session, self._card))
        act = self.dice.choice((act, act, act, self._unplug, self._network))
        try:
            act(number)
        except ApiError as e:
            assert e.status == 409, e  # a locked cable

    def _session(self, number):
        if self.cs.connector(number)["transaction"] is None:
            self.started += 1
            self.cs.act(number, "plug", current_a=32)
            self.cs.card(self.dice.choice(TAGS), connector=number)

    def _card(self, number):
        self.cs.card(self.dice.choice(TAGS), connector=number)

    def _unplug(self, number):
        self.cs.act(number, "unplug")

    def _network(self, number):
        self.cs.post("/api/network", {"online": self.dice.random() < 0.7})

    def finish(self):
        """All is well again: everything ends and is told."""
        cs = self.cs
        cs.start()
        cs.wait_accepted(30)
        cs.post("/api/network", {"online": True})
        for number in CONNECTORS:
            cs.act(number, "unplug")
        cs.wait_until(lambda s: not any(c["transaction"] for c in s["connectors"]), 30)
        cs.wait_until(lambda s: s["ocpp"]["connected"] and s["ocpp"]["queued"] == 0, 60)
        assert cs.stop() == 0

    def registers(self):
        """Wh that each meter has counted since the charger was new."""
        lines = Path(str(self.flash) + ".world", "meter").read_text().splitlines()
        return [int(line.split()[0]) for line in lines]


def judge(rows, registers):
    """Check the books. Returns the number of transactions that delivered energy, and the Wh that
    were not told, of each kill that cost any."""
    told, doubt = 0, []
    for row in rows:
        assert row["start"] and row["stop"] and not row["active"], row
        assert row["idTag"] in TAGS and row["reason"] is not None, row
        assert row["start"] <= row["stop"] and row["meter_start"] <= row["meter_stop"], row
    for number, counted in zip(CONNECTORS, registers):
        mine = [r for r in rows if r["evse"] == number]
        mine.sort(key=lambda r: (r["meter_start"], r["start"], r["meter_stop"]))
        at = 0
        for row in mine:
            assert row["meter_start"] >= at, ("told twice", row, at)
            assert row["meter_start"] - at <= MOST_WH, ("not told", row, at)
            doubt.append(row["meter_start"] - at)
            at = row["meter_stop"]
            told += row["meter_stop"] > row["meter_start"]
        assert 0 <= counted - at <= MOST_WH, (number, counted, at)
    return told, [wh for wh in doubt if wh]


def torture(csms, charger, flash, kills, seed, on_power_loss):
    server = csms()
    for tag in TAGS:
        server.put("/api/tokens/" + tag, {"status": "Accepted"})
    settings = dict(SETTINGS, OnPowerLoss=on_power_loss)
    cs = charger(server, flash=flash, world="keep", speed=SPEED, settings=settings, wait=False)
    victim = Victim(cs, flash, seed)
    begun = time.monotonic()
    for n in range(kills):
        if n:
            if victim.dice.random() < 0.2:
                victim.kill_at_start()
                continue
            cs.start()
        victim.kill_in_action()
    seconds = time.monotonic() - begun
    victim.finish()
    rows = server.get("/api/transactions")["transactions"]
    told, doubt = judge(rows, victim.registers())
    wh = sum(victim.registers())
    if kills >= 100:  # a few prove nothing where the machine is busy
        assert told >= kills // 10 and wh > 10 * kills, "too little happened"
    return (
        "seed %d, %s: %d kills in %.0f s, %d transactions, %d with energy, %d Wh; "
        "not told: %d Wh in all, %d Wh at most"
    ) % (
        seed,
        on_power_loss,
        kills,
        seconds,
        len(rows),
        told,
        wh,
        sum(doubt),
        max(doubt or [0]),
    )


@pytest.mark.slow
def test_ten_kills(csms, charger, tmp_path):
    torture(csms, charger, tmp_path / "flash", 10, 1, "stop")


@pytest.mark.slow
@pytest.mark.proof
@pytest.mark.parametrize("on_power_loss", ["stop", "resume"])
def test_fifty_kills(csms, charger, tmp_path, record_property, on_power_loss):
    counts = torture(csms, charger, tmp_path / "flash", 50, 2, on_power_loss)
    record_property("counts", counts)
