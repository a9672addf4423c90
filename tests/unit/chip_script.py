"""Runs the whole start on a chip that is not there, by a script that stands in for the console."""

import asyncio
import json
import os

import chip
import fake_chip
import machine
import network
import port
import portal
import simtime
import terminal

from ocpp.log import log

CONFIG = {
    "board": "pico_w",
    "ocpp": {"url": "ws://127.0.0.1:9/", "id": "cp1"},
    "charge_point": {"vendor": "ocppy"},
    "network": {"wifi": [{"ssid": "home", "password": "secret99"}]},
}
told = []  # lines of the log
_sleep_ms = asyncio.sleep_ms


class End(Exception):
    """The script is through."""


class Script:
    """Stands in for the console: has time pass, and does what the test wants. What it raises ends
    the program."""

    def __init__(self, act):
        self.act = act
        self.raised = None

    def __call__(self, commands, scope):
        self.commands = commands
        self.runner = scope.get("runner")
        return self

    async def run(self):
        try:
            for _ in self.act(self):
                simtime.advance(20)
                await _sleep_ms(1)
                simtime.now_us += 1000
            self.raised = End()
        except BaseException as e:
            self.raised = e
        simtime.now_us += 10000  # nobody else would wake the program

    def sleep_ms(self, ms):
        if self.raised:
            raise self.raised
        return _sleep_ms(0)

    def app(self):
        return self.runner.app


def passed(script, ms, fits=None):
    """Time goes by; at most until `fits()`."""
    begun = simtime.now_us
    while simtime.now_us - begun < ms * 1000:
        if fits and fits():
            return
        yield
    assert not fits, told


def leap(seconds):
    """Time goes by fast: what is called each millisecond misses it."""
    for _ in range(seconds // 5):
        simtime.now_us += 5000000
        yield


def root():
    return os.getenv("TMPDIR")


def empty(folder):
    for name in os.listdir(folder):
        path = folder + "/" + name
        if os.stat(path)[0] & 0x4000:
            empty(path)
            os.rmdir(path)
        else:
            os.remove(path)


async def _quiet(self, address):
    """No test listens at port 80."""


def setup():
    empty(root())
    del told[:]
    log.sink = lambda level, line: told.append(line)
    port.reset = machine.reset
    portal.Portal._listen = _quiet
    fresh()


def fresh(cause=machine.PWRON_RESET):
    fake_chip.power_on("rp2040", cause)


def put(config, folder="/data"):
    try:
        os.mkdir(root() + folder)
    except OSError:
        pass
    with open(root() + folder + "/config.json", "w") as file:
        json.dump(config, file)


def start(act):
    """-> how it ended: "reset", "watchdog", or None: the script, or the program itself"""
    script = Script(act)
    terminal.serial = script
    asyncio.sleep_ms = script.sleep_ms
    asyncio.new_event_loop()
    try:
        chip.main(root=root())
    except machine.Restarted as e:
        return str(e)
    except End:
        return None
    finally:
        asyncio.sleep_ms = _sleep_ms


__all__ = (
    "CONFIG",
    "chip",
    "fresh",
    "leap",
    "machine",
    "network",
    "passed",
    "port",
    "put",
    "start",
)
