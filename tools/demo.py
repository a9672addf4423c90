"""The session of `make run`: the local CSMS, a charger, a car and a card, with a live log.

Starts `tools/csms` and `tools/charger`, plays one charging session over their two HTTP APIs, then
stays up until Ctrl-C. `--once`: ends after the session, with exit status 0 if it went well.
"""

import argparse
import http.client
import json
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "boards" / "sim" / "config.json"
CARD = "DEADBEEF"
CHARGE_S = 10


class DemoError(Exception):
    """Told to the user in one line."""


class Service:
    """A program of `tools/` in a process group of its own, so that Ctrl-C is ours to handle."""

    def __init__(self, name, arguments, log, services):
        """Start it and put it on the list `services` at once; returns when it serves."""
        self.name = name
        self.log = open(log, "w+")
        command = [str(ROOT / "tools" / name), *arguments]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            start_new_session=True,
        )
        services.append(self)
        self.line = self.process.stdout.readline().strip()  # printed once it serves
        if not self.line:
            raise DemoError("tools/%s did not start:\n%s" % (name, self.tail()))
        self.http = "http://" + self.line.rsplit("http://", 1)[1].rstrip("/")

    def tail(self):
        self.log.flush()
        self.log.seek(0)
        return "".join(self.log.readlines()[-20:]).rstrip()

    def check(self):
        if self.process.poll() is not None:
            raise DemoError("tools/%s ended:\n%s" % (self.name, self.tail()))

    def request(self, method, path, body=None):
        """The JSON answer of this program's API."""
        self.check()
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.http + path, data, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as e:
            raise DemoError("%s %s: %d %s" % (method, path, e.code, e.read().decode())) from None
        except (OSError, ValueError, http.client.HTTPException) as e:  # none, or cut short
            self.check()
            raise DemoError("%s %s: %s" % (method, path, e)) from None

    def stop(self):
        """Clean stop; False if it had to be killed or complained."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60) == 0
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False


class FrameLog(threading.Thread):
    """Prints the OCPP frames as they pass, in short form."""

    def __init__(self, charger):
        super().__init__(daemon=True)
        self.charger = charger
        self._actions = {}  # message id -> action, until answered

    def run(self):
        last = 0
        while True:
            time.sleep(0.2)
            try:
                messages = self.charger.request("GET", "/api/messages?after=%d" % last)["messages"]
            except DemoError:
                continue  # the main thread finds the reason
            for message in messages:
                last = message["n"]
                say("    " + self.short(message))

    def short(self, message):
        frame = message["frame"]
        arrow = "charger -> csms" if message["dir"] == "out" else "charger <- csms"
        if frame[0] == 2:
            self._actions[frame[1]] = frame[2]
            what = frame[2]
        else:
            action = self._actions.pop(frame[1], "?")
            what = action + (" answer" if frame[0] == 3 else " ERROR %s" % frame[2])
        payload = words(frame[3] if frame[0] == 2 else frame[-1])
        text = "%s  %s %s" % (arrow, what, payload)
        return text if len(text) <= 150 else text[:147] + "..."


def words(payload):
    """A payload on one line, without the times and the signs of JSON."""
    if "meterValue" in payload:
        values = [v for m in payload["meterValue"] for v in m["sampledValue"]]
        return "  ".join(
            "%s%s %s %s"
            % (
                v.get("measurand", "Energy.Active.Import.Register"),
                " " + v["phase"] if "phase" in v else "",
                v["value"],
                v.get("unit", "Wh"),
            )
            for v in values
        )
    text = json.dumps({k: v for k, v in payload.items() if k != "timestamp"})
    return text.translate(str.maketrans("", "", '{}"'))


class Demo:
    def __init__(self, csms, charger, station):
        self.csms, self.charger, self.station = csms, charger, station

    def play(self):
        """One session on connector 1; DemoError if a step does not come about."""
        step("The charger boots and registers with the CSMS")
        self.wait("registration", lambda s: s["ocpp"]["registration"] == "Accepted")
        self.wait_status("Available")
        step("The CSMS asks for a meter value every 3 s")
        setting = {"key": "MeterValueSampleInterval", "value": "3"}
        self.call("ChangeConfiguration", setting, "Accepted")

        step("A car is plugged in at connector 1 and asks for energy")
        self.act("/api/connectors/1/plug", {"ev": "C", "current_a": 16, "phases": 3})
        self.wait_status("Preparing")
        step("The card %s is held to the reader" % CARD)
        self.act("/api/rfid", {"idTag": CARD, "connector": 1})
        self.wait_status("Charging")
        step("The car charges for %d s" % CHARGE_S)
        time.sleep(CHARGE_S)
        status = self.status()["connectors"][0]
        transaction = status["transaction"]
        if not transaction or not transaction["id"]:
            raise DemoError("no transaction is running: %s" % json.dumps(status))
        say("    %d W, %d Wh so far" % (status["power_w"], transaction["energy_wh"]))

        step("The CSMS stops transaction %s" % transaction["id"])
        self.call("RemoteStopTransaction", {"transactionId": transaction["id"]}, "Accepted")
        self.wait_status("Finishing")
        step("The car is unplugged")
        self.act("/api/connectors/1/unplug", {})
        self.wait_status("Available")
        done = self.csms.request("GET", "/api/transactions/%s" % transaction["id"])
        step("The CSMS has recorded %d Wh, reason %s" % (done["energy_wh"], done["reason"]))
        say("== Session over")

    def act(self, path, body):
        self.charger.request("POST", path, body)

    def call(self, action, payload, wanted):
        path = "/api/stations/%s/call/%s" % (self.station, action)
        answer = self.csms.request("POST", path, payload)
        if answer.get("result", {}).get("status") != wanted:
            raise DemoError("%s: the charger answered %s" % (action, json.dumps(answer)))

    def status(self):
        return self.charger.request("GET", "/api/status")

    def wait_status(self, wanted):
        self.wait(wanted, lambda s: s["connectors"][0]["status"] == wanted)
        say("    connector 1 is %s" % wanted)

    def wait(self, what, fits, timeout=120):
        end = time.monotonic() + timeout
        while not fits(self.status()):
            if time.monotonic() > end:
                raise DemoError("no %s within %d s: %s" % (what, timeout, self.status()))
            time.sleep(0.1)


def say(text):
    print("%s %s" % (time.strftime("%H:%M:%S"), text), flush=True)


def step(text):
    time.sleep(1)  # so that one can follow, and the frames of the step before are shown before it
    say("== " + text)


def address(port, use):
    """`127.0.0.1:port`, or port 0 (any free one) where that is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            say("port %d is taken: another one is used for %s" % (port, use))
            port = 0
    return "127.0.0.1:%d" % port


def serve(name, ports, arguments, folder, services):
    """A running Service. `ports`: (option, wanted port, its use) each; if another program is
    quicker to take one, free ones are used."""
    wanted = [(option, address(port, use)) for option, port, use in ports]
    any_free = [(option, "127.0.0.1:0") for option, _, _ in ports]
    for choice in (wanted, any_free):
        listen = [word for pair in choice for word in pair]
        log = "%s/%s.log" % (folder, name)
        try:
            service = Service(name, listen + arguments, log, services)
        except DemoError as e:
            if choice is any_free or "in use" not in str(e):
                raise
            services.pop()
        else:
            say(service.line)
            return service


def start(folder, services):
    """Start both programs; returns them and the station's id."""
    ports = (("--listen", 9000, "OCPP"), ("--http", 9001, "the CSMS's web page"))
    csms = serve("csms", ports, ["--db", folder + "/csms.sqlite"], folder, services)
    csms.request("PUT", "/api/tokens/" + CARD, {"status": "Accepted"})

    config = json.loads(EXAMPLE.read_text())
    config["ocpp"]["url"] = csms.line.split()[2]
    Path(folder, "config.json").write_text(json.dumps(config))
    Path(folder, "flash").mkdir()
    arguments = ["--config", folder + "/config.json", "--flash", folder + "/flash"]
    ports = (("--api", 8080, "the charger's API"),)
    charger = serve("charger", ports, arguments, folder, services)
    return csms, charger, config["ocpp"]["id"]


def stay(csms, charger):
    say("")
    say("Both stay up. In a browser:")
    say("  the charger's web console  %s/" % charger.http)
    say("  the page of the CSMS       %s/" % csms.http)
    say('Try: curl -d \'{"ev": "C"}\' %s/api/connectors/2/plug' % charger.http)
    say('     curl -d \'{"idTag": "%s", "connector": 2}\' %s/api/rfid' % (CARD, charger.http))
    say("Ctrl-C ends.")
    while True:
        csms.check()
        charger.check()
        time.sleep(0.5)


def stop(services):
    """Stop all, the last started first; 1 if one of them did not end well, else 0."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C changes nothing
    status = 0
    for service in reversed(services):
        if not service.stop():
            say("tools/%s did not stop cleanly" % service.name)
            status = 1
    return status


def main():
    parser = argparse.ArgumentParser(description="Local CSMS, charger and a demo session.")
    parser.add_argument("--once", action="store_true", help="end after the session")
    once = parser.parse_args().once
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    status, services = 0, []
    with tempfile.TemporaryDirectory(prefix="ocppy-demo-") as folder:
        try:
            csms, charger, station = start(folder, services)
            FrameLog(charger).start()
            Demo(csms, charger, station).play()
            if not once:
                stay(csms, charger)
        except KeyboardInterrupt:
            say("stopping")
        except DemoError as e:
            say("FAILED: %s" % e)
            for service in services:
                say("-- end of the log of tools/%s\n%s" % (service.name, service.tail()))
            status = 1
        finally:
            status = stop(services) or status
    return status


if __name__ == "__main__":
    sys.exit(main())
