"""The shipped programs as tests drive them: `tools/charger` and `tools/csms` as processes."""

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from mpunit import ROOT  # and with it the path to what is imported next
from patience import patient
from scenario_app.processes import waits


class ApiError(Exception):
    """An HTTP API answered something else than 200."""

    def __init__(self, status, body):
        super().__init__("%d %s" % (status, body))
        self.status, self.body = status, body


class Http:
    """JSON over HTTP; one connection a request."""

    def __init__(self, address):
        self.address = address  # "127.0.0.1:8080"

    def request(self, method, path, body=None, timeout=15):
        """The answer's JSON. `body`: a JSON value, or bytes as they are. Raises ApiError."""
        connection = http.client.HTTPConnection(self.address, timeout=patient(timeout))
        try:
            data = body if body is None or isinstance(body, bytes) else json.dumps(body)
            headers = {"Content-Type": "application/json"} if data is not None else {}
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status != 200:
            try:
                raise ApiError(answer.status, json.loads(text))
            except ValueError:
                raise ApiError(answer.status, text) from None
        return json.loads(text)

    def get(self, path):
        return self.request("GET", path)

    def post(self, path, body=None):
        return self.request("POST", path, body)

    def put(self, path, body=None):
        return self.request("PUT", path, body)

    def delete(self, path, body=None):
        return self.request("DELETE", path, body)


class Program(Http):
    """A program of `tools/` that prints one line once it serves."""

    def __init__(self, command, ready):
        self.command = [str(c) for c in command]
        self._ready = ready  # the line's beginning
        self.process = None
        self.log = ""  # stdout and stderr so far
        super().__init__(None)
        self.start()

    def start(self, timeout=30):
        """Start the process (again); returns when it serves."""
        assert self.process is None, "is running"
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._line, self._begun = None, threading.Event()
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()
        if not self._begun.wait(patient(timeout)):
            self.kill()
            raise AssertionError("%s did not start:\n%s" % (self.command[0], self.log))
        if self._line is None:
            raise AssertionError("%s ended at once:\n%s" % (self.command[0], self.log))
        self.serves(self._line)

    def serves(self, line):
        """Take the address from the line."""
        self.address = line.rsplit("http://", 1)[1].strip().rstrip("/")

    def stop(self, timeout=20):
        """SIGTERM; returns the exit status. None if it was not running."""
        return self._end(signal.SIGTERM, timeout)

    def kill(self):
        """SIGKILL to the launcher alone: a power cut."""
        return self._end(signal.SIGKILL, 10)

    def _end(self, number, timeout):
        if self.process is None:
            return None
        process, self.process = self.process, None
        process.send_signal(number)
        try:
            return process.wait(patient(timeout))
        except subprocess.TimeoutExpired:
            raise AssertionError("did not end within %d s:\n%s" % (timeout, self.log)) from None
        finally:
            self._reader.join(patient(5))
            left_alive = self._reader.is_alive()
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
            assert not left_alive, "a child process outlived its launcher"

    def _read(self, process):
        with process.stdout as pipe:
            for raw in pipe:
                line = raw.decode(errors="replace")
                self.log += line
                if line.startswith(self._ready) and self._line is None:
                    self._line = line
                    self._begun.set()
        self._begun.set()


class Charger(Program):
    """A running simulated charger and its control API."""

    def __init__(self, command):
        super().__init__(command, "charger: api ")
        self.csms = None  # an `OcppCsms` that it was started with

    def serves(self, line):
        super().serves(line)
        # A restarted charger is to be found where it was.
        self.command[self.command.index("--api") + 1] = self.address

    def status(self):
        return self.get("/api/status")

    def connector(self, number=1):
        return self.status()["connectors"][number - 1]

    def act(self, number, what, **fields):
        """`POST /api/connectors/NUMBER/WHAT` with the fields."""
        return self.post("/api/connectors/%d/%s" % (number, what), fields)

    def card(self, id_tag, **fields):
        return self.post("/api/rfid", dict(fields, idTag=id_tag))

    def messages(self, after=0):
        return self.get("/api/messages?after=%d" % after)["messages"]

    def wait_until(self, fits, timeout=15):
        """Poll the status until `fits(status)`; returns it."""
        end = time.monotonic() + patient(timeout)
        while True:
            status = self.status()
            if fits(status):
                return status
            if time.monotonic() > end:
                raise AssertionError("not within %s s; status:\n%s" % (timeout, status))
            time.sleep(0.05)

    def wait_connector(self, number=1, timeout=15, **wanted):
        """Wait until connector NUMBER has these values, e.g. `status="Charging"`, and a status was
        told, if it is."""

        def fits(status):
            connector = status["connectors"][number - 1]
            return all(connector[name] == value for name, value in wanted.items())

        found = self.wait_until(fits, timeout)["connectors"][number - 1]
        if self.csms is not None and "status" in wanted:
            self.csms.wait_told(number, wanted["status"])
        return found

    def pass_time(self, seconds):
        """Wait for so many seconds of its own time, between which it does not restart."""
        end = self.status()["uptime_s"] + seconds
        self.wait_until(lambda s: s["uptime_s"] >= end)

    def wait_accepted(self, timeout=15):
        """Wait until it is accepted. Before a restart of its own it may be so, too:
        `wait_restarted`."""
        return self.wait_until(lambda s: s["ocpp"]["registration"] == "Accepted", timeout)

    def last_frame(self):
        """Number of the newest frame, 0 if there is none."""
        return max((m["n"] for m in self.messages()), default=0)

    def wait_restarted(self, since, timeout=15):
        """Wait until the firmware has restarted by itself and is accepted again. `since`:
        `last_frame()` before the restart was asked for."""

        def booted(status):
            told = [m["frame"] for m in self.messages(since) if m["dir"] == "out"]
            return any(frame[2] == "BootNotification" for frame in told if frame[0] == 2)

        self.wait_until(booted, timeout)
        return self.wait_accepted(timeout)


class Csms(Program):
    """The shipped CSMS and its REST API."""

    def __init__(self, command):
        super().__init__(command, "csms: ocpp ")

    def serves(self, line):
        super().serves(line)
        self.url = line.split()[2]  # ws://127.0.0.1:9000/

    def call(self, station, action, payload=None):
        """Send a CALL to a station: `{"result": ...}` or `{"error": ...}`."""
        return self.post("/api/stations/%s/call/%s" % (station, action), payload or {})


def merged(base, more):
    """`base` with the values of `more`; objects are merged, everything else replaced."""
    result = dict(base)
    for key, value in more.items():
        inner = isinstance(value, dict) and isinstance(base.get(key), dict)
        result[key] = merged(base[key], value) if inner else value
    return result


class ChargerMaker:
    """The fixture `charger`: starts chargers, each with its own configuration and flash."""

    CONFIG = {
        "board": "sim",
        "connectors": 2,
        "charge_point": {"vendor": "ocppy", "model": "Sim", "serial": "0001"},
        "ocpp": {"url": "ws://127.0.0.1:1/", "id": "cp001", "version": "1.6"},
        "settings": {},
    }

    def __init__(self):
        self.made = []
        self._folder = tempfile.TemporaryDirectory(prefix="ocppy-test-")
        self._count = 0

    def __call__(self, csms=None, wait=True, options=(), **config):
        """Start one. `csms`: an object with `.url` (None: nobody answers); `config`: keys of the
        configuration, merged into a default of two connectors; `speed`, `heap`, `flash`,
        `world`, `log`: see `_command`. `wait`: return when the CSMS has accepted it."""
        made = Charger(self._command(csms, options, **config))
        made.csms = csms if hasattr(csms, "wait_told") else None
        self.made.append(made)
        if wait and csms is not None:
            made.wait_accepted()
        return made

    def ends(self, csms=None, options=(), timeout=30, **config):
        """Start one that is to end by itself (bad configuration): status, stdout, stderr."""
        command = self._command(csms, options, **config)
        return subprocess.run(command, capture_output=True, text=True, timeout=patient(timeout))

    def _command(
        self, csms, options, speed=None, heap=None, flash=None, world=None, log=None, **config
    ):
        """The command line. `config` may hold `text`: the file's content as it is."""
        self._count += 1
        folder = Path(self._folder.name) / str(self._count)
        folder.mkdir()
        text = config.pop("text", None)
        if text is None:
            url = {"ocpp": {"url": csms.url}} if csms is not None else {}
            # A test in which the central system is silent sets less.
            base = merged(self.CONFIG, {"settings": waits(speed or 1, config.get("settings", {}))})
            text = json.dumps(merged(merged(base, url), config))
        (folder / "config.json").write_text(text)
        flash = flash or folder / "flash"
        Path(flash).mkdir(exist_ok=True)
        # By this Python: a search for one would be a good part of each start.
        command = [sys.executable, str(ROOT / "tools" / "charger")]
        command += ["--config", str(folder / "config.json")]
        command += ["--flash", str(flash), "--api", "127.0.0.1:0"]
        for name, value in (("speed", speed), ("heap", heap), ("world", world), ("log", log)):
            if value is not None:
                command += ["--" + name, str(value)]
        return command + [str(o) for o in options]

    def finish(self):
        """Stop all; what went wrong on the way, as sentences."""
        found = []
        for made in self.made:
            status = made.stop()
            if status not in (None, 0):
                found.append("tools/charger ended with status %s" % status)
            if "Traceback" in made.log:
                found.append("the charger's log holds a traceback")
            print("--- log of %s\n%s" % (" ".join(made.command), made.log))
        self._folder.cleanup()
        return found
