"""What the console understands while the charger runs. Each command is a function of the rest of
its line that gives lines; `= ok` and `= error: ...` are for `tools/provision`."""

import gc
import json
import sys

_TAKEN = (
    "commission",
    "config",
    "rules",
    "netconfig",
    "composition",
    "parts",
    "wiring",
    "boardfile",
)
_HELP = """\
status           connectors, central system, network, memory
hardware         pilot, contactor, meter: voltages, states, errors
doctor           what is wrong on the way to the central system
log [N]          the last lines of the log on flash
set {"url": ...} change the configuration; with effect from the next start
config {...}     replace it
reboot           restart
anything else    is Python, with runner, board, app(), station()"""


class Talk:
    """`runner`, `services`: of the running charger."""

    def __init__(self, runner, services):
        self._runner = runner
        self._services = services
        self.commands = {
            "help": lambda rest: _HELP.split("\n"),
            "status": self._status,
            "hardware": self._hardware,
            "doctor": self._doctor,
            "log": self._log,
            "set": self._set,
            "config": self._config,
            "reboot": self._reboot,
        }
        self.scope = {
            "runner": runner,
            "board": runner.board,
            "services": services,
            "app": lambda: runner.app,
            "station": lambda: runner.app.station,
        }

    def _status(self, rest):
        app = self._runner.app
        for network in self._services.networks:
            where = network.address or network.error or "connecting"
            yield "%s: %s, rssi %s" % (network.name, where, network.rssi)
        if app is None:
            yield "the station's software restarts"
            return
        told = app.station.ocpp_status()
        yield "central system: " + json.dumps(told)
        for c in app.station.connectors:
            tx = c.transaction
            words = "%s, %s Wh in transaction" % (c.status, tx.energy_wh) if tx else c.status
            yield "connector %d: %s" % (c.id, words)
        gc.collect()
        yield "memory: %d bytes free, %d used" % (gc.mem_free(), gc.mem_alloc())

    def _hardware(self, rest):
        from hardware import inspection

        try:
            yield from inspection.lines(self._runner.board)
        finally:
            del sys.modules["hardware.inspection"], sys.modules["hardware"].inspection

    def _doctor(self, rest):
        if self._runner.app is None:
            yield "the station's software restarts"
            return
        if not self._services.online:
            for network in self._services.networks:
                yield "network: %s" % (network.error or network.name + " is not up yet")
        self._runner.examine()
        shown = 0
        while True:
            found = self._runner.findings()
            for step in found["steps"][shown:]:
                shown += 1
                yield "%-8s %s  %s" % (step["step"], "ok " if step["ok"] else "BAD", step["text"])
            if not found["running"]:
                break
            yield None
        yield "all is well" if found["ok"] else "not well: see the last step"

    def _log(self, rest):
        self._runner.book.write()
        return self._runner.book.latest(int(rest) if rest.isdigit() else 20)

    def _set(self, rest):
        return change(self._runner.folder, self._runner.config["board"], "set", rest)

    def _config(self, rest):
        return change(self._runner.folder, self._runner.config["board"], "config", rest)

    def _reboot(self, rest):
        self._runner.restart("LocalReset", True)
        yield "restarting"


def change(folder, board, how, text):
    """Lines: a change of the configuration. `how`: "set" or "config"."""
    import commission
    from boardfile import names

    try:
        if how == "config":
            commission.replace(folder, names(), text)
        else:
            commission.apply(folder, names(), board, _object(text))
    except (commission.ConfigError, ValueError, OSError) as e:
        yield "= error: %s" % e
        return
    finally:
        for name in _TAKEN:
            sys.modules.pop(name, None)
        gc.collect()
    yield "= ok: counts from the next start"


def _object(text):
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ValueError('not a JSON object; accepted: set {"url": "ws://...", "id": "..."}')
    return value
