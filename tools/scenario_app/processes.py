"""`tools/charger` and `tools/csms` as processes on free ports, and their HTTP APIs."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_START_S = 90  # a first start compiles the firmware
_STOP_S = 60
_REQUEST_S = 120  # a CALL of the CSMS takes up to 30 s


class ProgramError(Exception):
    """A program did not start, ended or did not answer. The text is for the user."""


class Program:
    """A program that prints one line with its HTTP address once it serves."""

    def __init__(self, name, command, ready):
        self.command = [str(c) for c in command]
        self.name = name
        self._ready = ready  # beginning of the line
        self._process = None
        self.log = ""
        self.address = None
        self.line = None
        self.start()

    def start(self):
        """Start it (again). Raises ProgramError if it does not serve."""
        self.line = None
        began = threading.Event()
        self._process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the runner, which stops it in order
        )
        threading.Thread(target=self._read, args=(self._process, began), daemon=True).start()
        if not began.wait(_START_S) or self.line is None:
            self.kill()
            raise ProgramError("%s did not start: %s" % (self.name, self.log.strip()[-500:]))
        self.address = self.line.rsplit("http://", 1)[1].strip().rstrip("/")

    def _read(self, process, began):
        with process.stdout as pipe:
            for raw in pipe:
                line = raw.decode(errors="replace")
                self.log += line
                if line.startswith(self._ready) and self.line is None:
                    self.line = line
                    began.set()
        began.set()

    @property
    def runs(self):
        return self._process is not None and self._process.poll() is None

    def stop(self):
        """SIGTERM; the exit status, None if it did not run."""
        return self._end(signal.SIGTERM)

    def kill(self):
        """SIGKILL: for a charger a power cut."""
        return self._end(signal.SIGKILL)

    def _end(self, number):
        if self._process is None:
            return None
        process, self._process = self._process, None
        process.send_signal(number)
        try:
            return process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            return None
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()

    def request(self, method, path, body=None):
        """(HTTP status, JSON of the answer). Raises ProgramError if there is none."""
        connection = http.client.HTTPConnection(self.address, timeout=_REQUEST_S)
        data = None if body is None else json.dumps(body)
        headers = {} if data is None else {"Content-Type": "application/json"}
        try:
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as e:
            problem = str(e) or type(e).__name__
            text = "%s: no answer to %s %s: %s; its log: %s"
            end = self.log.strip()[-300:]
            raise ProgramError(text % (self.name, method, path, problem, end)) from None
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, {"text": text}

    def get(self, path):
        """The answer of a GET that must succeed."""
        status, answer = self.request("GET", path)
        if status != 200:
            raise ProgramError("%s: GET %s: %d %s" % (self.name, path, status, answer))
        return answer


class Csms(Program):
    """A CSMS with a new database in `folder`. `config`: its configuration file."""

    def __init__(self, folder, config=None):
        command = [ROOT / "tools" / "csms", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]
        command += ["--db", folder / "csms.sqlite", "--log", "quiet"]
        if config:
            file = Path(folder) / "csms.json"
            file.write_text(json.dumps(config))
            command += ["--config", file]
        super().__init__("csms", command, "csms: ocpp ")
        self.url = self.line.split()[2]
        # It comes back where it was.
        self.command[2] = self.url.split("/")[2]
        self.command[4] = self.address

    def root(self):
        """PEM of the root certificate of its authority."""
        return self.get("/api/certificates")["authority"]


class Charger(Program):
    """A charger with its flash in `folder`."""

    def __init__(self, folder, config, speed):
        file = Path(folder) / "charger.json"
        file.write_text(json.dumps(config))
        flash = Path(folder) / "flash"
        flash.mkdir(exist_ok=True)
        # By this Python: a search for one would be a good part of each start.
        command = [sys.executable, ROOT / "tools" / "charger", "--config", file, "--flash", flash]
        command += ["--speed", "%g" % speed, "--world", "keep", "--api", "127.0.0.1:0"]
        super().__init__("charger", command, "charger: api ")
        # It comes back where it was.
        self.command[-1] = self.address

    def status(self):
        return self.get("/api/status")


def merged(base, more):
    """`base` with the values of `more`: mappings are merged, everything else is replaced."""
    made = dict(base)
    for key, value in more.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        made[key] = merged(base[key], value) if both else value
    return made


def waits(speed, own=()):
    """Settings of a charger whose time runs fast: the CSMS has 30 s of real time for an answer as
    ever (10 minutes of the charger's at most). `own`: settings that count instead, by whichever
    of their names."""
    seconds = str(min(int(30 * speed), 600)) if speed > 1 else None
    names = ("MessageTimeout", "AuthorizationTimeout")
    return {n: seconds for n in names if seconds and not any(n in name for name in own)}


def wait_for(look, seconds, pause=0.04):
    """The first true value of `look()` within so many seconds, else its last value."""
    end = time.monotonic() + seconds
    while True:
        value = look()
        if value or time.monotonic() > end:
            return value
        time.sleep(pause)
