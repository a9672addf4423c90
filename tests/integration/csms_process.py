"""Runs the local CSMS for a test, and connects stations made of the PyPI package `ocpp` to it."""

import asyncio
import base64
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

import websockets
from patience import patient

from ocpp import v16, v201

try:
    from ocpp import v21
except ImportError:  # older than 2.1 of the package
    v21 = None

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools"
OCPP = {"1.6": v16, "2.0.1": v201, "2.1": v21}
VERSIONS_2 = [v for v in ("2.0.1", "2.1") if OCPP[v]]
READY = re.compile(r"csms: ocpp (wss?://127\.0\.0\.1:\d+/) http (http://127\.0\.0\.1:\d+/)\n")


def command(*flags):
    """Command line that runs the CSMS with this Python."""
    return [sys.executable, "-m", "csms_app", *flags]


def environment():
    return {**os.environ, "PYTHONPATH": str(TOOLS)}


class CSMS:
    """The CSMS as a process, its store in `folder`. `config`: dict of the configuration file."""

    def __init__(self, folder, config=None, *flags):
        flags = ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", *flags]
        flags += ["--db", str(folder / "csms.sqlite")]
        if config is not None:
            path = folder / "csms.json"
            path.write_text(json.dumps(config))
            flags += ["--config", str(path)]
        self.log_path = folder / "csms.log"
        with open(self.log_path, "a") as log:
            self.process = subprocess.Popen(
                command(*flags), env=environment(), stdout=subprocess.PIPE, stderr=log, text=True
            )
        line = self.process.stdout.readline()
        match = READY.fullmatch(line)
        if not match:
            self.stop()
            raise AssertionError("no ready line: %r\n%s" % (line, self.log()))
        self.ocpp, self.http = match.groups()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()

    def stop(self, number=signal.SIGTERM):
        """End it with a signal; returns the exit status."""
        self.process.send_signal(number)
        try:
            return self.process.wait(patient(10))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(patient(10))
            raise
        finally:
            self.process.stdout.close()

    def log(self):
        return self.log_path.read_text()

    def url(self, id):
        return self.ocpp + urllib.parse.quote(id, safe="")

    def request(self, method, path, data=None, headers=None):
        """(status, parsed answer) of an HTTP request with raw bytes as body."""
        url = self.http + path.lstrip("/")
        request = urllib.request.Request(url, data, headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=patient(20)) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as e:
            return e.code, json.loads(e.read())

    def api(self, method, path, body=None):
        """(status, parsed answer) of an API request with a JSON body."""
        return self.request(method, path, None if body is None else json.dumps(body).encode())

    def get(self, path):
        status, answer = self.api("GET", path)
        assert status == 200, answer
        return answer

    async def send(self, id, action, payload, query=""):
        """POST a CALL without stopping this event loop."""
        path = "/api/stations/%s/call/%s%s" % (urllib.parse.quote(id, safe=""), action, query)
        return await asyncio.to_thread(self.api, "POST", path, payload)


@contextlib.asynccontextmanager
async def raw_station(csms, id, *versions, **options):
    """A bare socket connected as a station."""
    protocols = ["ocpp" + v for v in versions or ("1.6",)]
    options.setdefault("ping_timeout", patient(20))
    async with websockets.connect(csms.url(id), subprotocols=protocols, **options) as socket:
        yield socket


@contextlib.asynccontextmanager
async def station(csms, id, version="1.6", charge_point=None, **options):
    """A station of the `ocpp` package, which checks both directions against the schemas."""
    make = charge_point or OCPP[version].ChargePoint
    async with raw_station(csms, id, version, **options) as socket:
        point = make(id, socket)
        task = asyncio.ensure_future(point.start())
        try:
            yield point
        finally:
            task.cancel()
            await asyncio.wait([task])


def basic(user, password):
    """Headers of Basic authentication; `password` may be bytes."""
    password = password.encode() if isinstance(password, str) else password
    pair = base64.b64encode(user.encode() + b":" + password).decode()
    return {"Authorization": "Basic " + pair}


async def exchange(socket, *frame):
    """Send a frame, return the next one that comes."""
    await socket.send(json.dumps(list(frame)))
    return json.loads(await asyncio.wait_for(socket.recv(), patient(10)))


def run(coroutine, timeout=40):
    """Run an asynchronous test."""
    return asyncio.run(asyncio.wait_for(coroutine, patient(timeout)))


async def until(condition, seconds=5):
    """Wait until `condition()` is true."""
    for _ in range(int(patient(seconds) / 0.02)):
        if await asyncio.to_thread(condition):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("did not come true within %s s" % seconds)
