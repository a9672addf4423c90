"""How many stations the local CSMS serves: `.venv/bin/python tests/bench/scale.py [--stations N]`.

Starts `tools/csms` with a store of its own and connects N stations (default 1000) of OCPP 2.0.1,
each in a transaction with meter values every 60 s, spread evenly; prints how long the answers
took. The same stations and messages then go to a bare echo of `websockets`, so that the ratio says
what the CSMS costs on any machine. Exit status 1 if the 99th percentile is above 100 ms.
"""

import argparse
import asyncio
import datetime
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import websockets

ROOT = Path(__file__).resolve().parents[2]
LIMIT_MS = 100
DIALLING = 50  # connections that are being opened at once
_ECHO = """
import asyncio, websockets
async def echo(socket):
    async for text in socket:
        await socket.send(text)
async def main():
    options = dict(subprotocols=["ocpp2.0.1"], ping_interval=20, max_queue=4)
    async with websockets.serve(echo, "127.0.0.1", 0, **options) as server:
        print("ws://127.0.0.1:%d/" % server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()
asyncio.run(main())
"""


def meter_values(id, seq):
    """A TransactionEvent as chargers send it each minute."""
    at = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
    samples = [
        {"measurand": m, "value": seq * 10.5, "context": "Sample.Periodic"}
        for m in ("Energy.Active.Import.Register", "Power.Active.Import", "Current.Import")
    ]
    return {
        "eventType": "Updated" if seq else "Started",
        "timestamp": at,
        "triggerReason": "MeterValuePeriodic",
        "seqNo": seq,
        "transactionInfo": {"transactionId": "tx-" + id, "chargingState": "Charging"},
        "evse": {"id": 1, "connectorId": 1},
        "meterValue": [{"timestamp": at, "sampledValue": samples}],
    }


class Load:
    """N stations at one server; `taken`: seconds each answer took."""

    def __init__(self, url, count, interval, seconds):
        self.url, self.count, self.interval, self.seconds = url, count, interval, seconds
        self.taken = []
        self._doors = asyncio.Semaphore(DIALLING)
        self._inside = 0
        self._start = asyncio.Event()
        self._from = 0

    async def run(self):
        stations = [asyncio.ensure_future(self._station(n)) for n in range(self.count)]
        while self._inside < self.count:
            await asyncio.sleep(0.1)
            for station in stations:
                if station.done():
                    station.result()
        self._from = time.monotonic()
        self._start.set()
        await asyncio.gather(*stations)
        return sorted(self.taken)

    async def _station(self, number):
        id = "load%d" % number
        async with self._doors:
            socket = await websockets.connect(
                self.url + id, subprotocols=["ocpp2.0.1"], ping_interval=None, open_timeout=60
            )
        try:
            self._inside += 1
            await self._start.wait()
            next_at = self._from + self.interval * number / self.count
            seq = 0
            while next_at < self._from + self.seconds:
                await asyncio.sleep(next_at - time.monotonic())
                await self._ask(socket, id, seq)
                seq += 1
                next_at += self.interval
        finally:
            await socket.close()

    async def _ask(self, socket, id, seq):
        text = json.dumps([2, "m%d" % seq, "TransactionEvent", meter_values(id, seq)])
        at = time.perf_counter()
        await socket.send(text)
        answer = json.loads(await socket.recv())
        self.taken.append(time.perf_counter() - at)
        if answer[0] not in (2, 3) or answer[1] != "m%d" % seq:
            raise AssertionError("no answer: %s" % answer)


def measure(command, options):
    """Percentiles in ms of the server that `command` starts; it prints its URL on one line."""
    server = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        line = server.stdout.readline()
        url = next(w for w in line.split() if w.startswith("ws://"))
        load = Load(url, options.stations, options.interval, options.seconds)
        taken = asyncio.run(load.run())
    finally:
        server.terminate()
        server.wait(20)
    return len(taken), [1000 * taken[int(len(taken) * p)] for p in (0.5, 0.99)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stations", type=int, default=1000)
    parser.add_argument("--interval", type=float, default=60, help="s between meter values")
    parser.add_argument("--seconds", type=float, default=120, help="of the measurement")
    options = parser.parse_args()
    print("%d stations, meter values every %g s" % (options.stations, options.interval))
    with tempfile.TemporaryDirectory(prefix="ocppy-scale-") as folder:
        csms = [str(ROOT / "tools" / "csms"), "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]
        csms += ["--db", folder + "/csms.sqlite", "--log", "quiet"]
        count, (half, most) = measure(csms, options)
    _, (echo_half, echo_most) = measure([sys.executable, "-c", _ECHO], options)
    row = "%-8s median %7.2f ms   99 %% %7.2f ms"
    print(row % ("csms", half, most) + "   of %d answers" % count)
    print(row % ("echo", echo_half, echo_most))
    print("ratio    median %7.1f      99 %% %7.1f" % (half / echo_half, most / echo_most))
    return 0 if most < LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
