"""Plays scenarios: starts the processes, does the steps, says what came of it."""

import tempfile
import time
from pathlib import Path

from scenario_app import files, patterns
from scenario_app.frames import CALL, ERROR, Frames
from scenario_app.processes import Charger, Csms, ProgramError, merged, waits
from scenario_app.steps import StepFailed, Steps

_BASE = {
    "board": "sim",
    "connectors": 2,
    "charge_point": {"vendor": "ocppy", "model": "Sim", "serial": "0001", "firmware": "1.0"},
    "ocpp": {"version": "1.6"},
    # Redials at once; nothing is sent unasked
    "settings": {
        "ConnectionTimeOut": "3600",
        "MeterValueSampleInterval": "0",
        "RetryBackOffWaitMinimum": "1",
        "RetryBackOffRandomRange": "0",
        "RetryBackOffRepeatTimes": "0",
    },
}


class Result:
    """What came of one scenario. `failure`: None or a text with file and line."""

    def __init__(self, scenario):
        self.scenario = scenario
        self.failure = None
        self.seconds = 0.0
        self.frames = []
        self.notes = []  # (number of frames before it, text): the steps, for the diagram
        self.logs = ""


class Runner:
    """Plays one scenario after the other. One CSMS serves all that do not configure their own."""

    def __init__(self, speed=None, told=lambda scenario, step, text: None, patience=1):
        self._speed = speed  # None: as the scenario says
        self._told = told
        self._patience = patience  # expectations wait so many times longer
        self._folder = tempfile.TemporaryDirectory(prefix="ocppy-scenario-")
        self._csms = None
        self._count = 0

    def close(self):
        """Stop what still runs."""
        if self._csms:
            self._csms.stop()
        self._folder.cleanup()

    def play(self, scenario):
        """The Result. KeyboardInterrupt passes, with everything stopped."""
        result = Result(scenario)
        begin = time.monotonic()
        self._count += 1
        folder = Path(self._folder.name) / str(self._count)
        folder.mkdir()
        own = None
        try:
            if scenario.csms:
                own = Csms(folder, scenario.csms)
            elif self._csms is None or not self._csms.runs:
                self._csms = Csms(Path(self._folder.name))
            self._play(scenario, result, own or self._csms, folder)
        except (ProgramError, files.FileError) as e:
            result.failure = "%s: %s" % (scenario.path, e)
        finally:
            if own:
                own.stop()
        result.seconds = time.monotonic() - begin
        return result

    def _play(self, scenario, result, csms, folder):
        server = files.FileServer(files.made(scenario.files))
        crew = {}  # name of a charger, "" the first -> Steps
        shared = {"csms": csms.url}  # variables
        try:
            speed = self._speed or scenario.speed
            for name in ("", *scenario.chargers):
                station = "sc-%d" % self._count + (name and "-" + name)
                self._register(csms, station, scenario.station)
                own = {"ocpp": {"id": station, "url": csms.url}}
                more = self._configuration(scenario, name, station, csms, folder)
                base = merged(_BASE, {"settings": waits(speed, more.get("settings", {}))})
                config = merged(merged(base, own), more)
                charger = Charger(_made(folder / (name or "first")), config, speed)
                frames = Frames(_fetching(csms, station), name)
                told = self._telling(scenario, result, csms, crew)
                crew[name] = Steps(
                    charger, csms, frames, station, speed, server, told, shared, crew
                )
                crew[name].patience = self._patience
                if name:
                    shared["id." + name] = station
            self._steps(scenario, result, csms, crew)
        finally:
            server.stop()
            ends = [steps.charger.stop() for steps in crew.values()]
            result.logs = "".join(steps.charger.log for steps in crew.values())
        for status in ends:
            if not result.failure and status not in (0, None):
                result.failure = "%s: a charger ended with status %s" % (scenario.path, status)
        if not result.failure and "Traceback" in result.logs and not scenario.log.get("traceback"):
            text = "%s: the charger's log holds a traceback: %s"
            result.failure = text % (scenario.path, result.logs[-1500:])

    def _configuration(self, scenario, name, station, csms, folder):
        """What the scenario says of the configuration of a charger."""
        variables = {"csms": csms.url, "id": station}
        if csms.url.startswith("wss:"):
            root = folder / "csms-root.pem"
            root.write_text(csms.root())
            variables["ca_file"] = str(root)
        given = merged(scenario.charger, scenario.chargers.get(name, {}))
        try:
            return patterns.filled(given, variables, _host_time)
        except KeyError as e:
            text = "charger: no variable %s; known: %s" % (e, ", ".join(variables))
            raise ProgramError(text) from None

    def _telling(self, scenario, result, csms, crew):
        """What Steps call for each step."""

        def told(step, text):
            if csms.runs:
                for steps in crew.values():
                    steps.frames.update()
            count = sum(len(steps.frames.all) for steps in crew.values())
            result.notes.append((count, step.get("note") or text))
            self._told(scenario, step, text)

        return told

    def _steps(self, scenario, result, csms, crew):
        try:
            if not scenario.at_once:
                for steps in crew.values():
                    steps.do_delivered({"delivered": None})
            crew[""].run(scenario.steps)
            if not csms.runs:
                csms.start()
            _check_refusals(crew.values())
        except StepFailed as e:
            line = e.line or 1
            result.failure = "%s:%d: %s" % (scenario.path, line, e)
        except ProgramError as e:
            result.failure = "%s: %s" % (scenario.path, e)
        finally:
            every = [frame for steps in crew.values() for frame in steps.frames.all]
            result.frames = sorted(every, key=lambda frame: frame.n)
            for steps in crew.values():
                if csms.runs:
                    steps.clean_up()

    def _register(self, csms, station, fields):
        status, answer = csms.request("PUT", "/api/stations/" + station, fields)
        if status != 200:
            raise ProgramError("station: %s" % answer.get("error", answer))


def _host_time():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _made(folder):
    folder.mkdir()
    return folder


def _fetching(csms, station):
    path = "/api/stations/%s/messages?after=" % station
    return lambda after: _messages(csms, path + str(after))


def _check_refusals(crew):
    """No frame of a charger's may be refused, unless the CSMS was told to misbehave."""
    if any(steps.misbehaves for steps in crew):
        return
    for steps in crew:
        steps.frames.update()
        for frame in steps.frames.all:
            refused = frame.kind == CALL and frame.sender == "charger" and frame.answer
            if refused and frame.answer.kind == ERROR:
                text = "the CSMS refused %s: %s" % (frame.raw, frame.answer.raw)
                raise StepFailed(text)


def _messages(csms, path):
    status, answer = csms.request("GET", path)
    return answer["messages"] if status == 200 else []
