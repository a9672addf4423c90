# MicroPython: the firmware of a board on the chip of tests/fakes, its network the real one.
# `micropython board_driver.py CONFIG FLASH SPEED`; lines on standard input move the world:
#     plug C 16 | unplug | card 04A1B2C3 | press | stop
# and ten times a second a line of JSON tells how things are.

import asyncio  # before the fakes: it goes by the time of the host
import json
import select
import sys
from time import ticks_ms

import fake_chip
import simtime

from ocpp.log import log

_TELL_MS = const(100)


class World:
    """Time and people. Time runs `speed` times as fast as the host's."""

    def __init__(self, charger, speed):
        self.charger = charger
        self.outlet = charger.outlets[0]
        self.speed = speed
        self.begun = ticks_ms()
        self.done_ms = 0
        self.cards = []  # us when the card, or the finger, goes away
        self.poll = select.poll()
        self.poll.register(sys.stdin, select.POLLIN)

    def step(self):
        due = (ticks_ms() - self.begun) * self.speed - self.done_ms
        ms = min(due, 20)  # a busy machine: the world waits for the firmware
        if due > 200:
            self.begun += (due - 200) // self.speed
        if ms > 0:
            simtime.advance(ms)
            self.done_ms += ms
        while self.cards and simtime.now_us > self.cards[0]:
            self.cards.pop(0)
            self.charger.pressed = False
            if self.charger.readers:
                self.charger.hold(None)
        while self.poll.poll(0):
            line = sys.stdin.readline()
            if not line or not self.act(line.split()):
                return False
        return True

    def act(self, words):
        if words[0] == "plug":
            self.outlet.plug(words[1], int(words[2]))
        elif words[0] == "unplug":
            self.outlet.unplug()
        elif words[0] == "card":
            self.charger.hold(words[1])
            self.cards.append(simtime.now_us + 500000)
        elif words[0] == "press":
            self.charger.pressed = True
            self.cards.append(simtime.now_us + 300000)
        return words[0] != "stop"

    def tell(self, runner):
        app = runner.app
        outlet = self.outlet
        state = {"status": None, "closed": outlet.closed, "energy_wh": outlet.energy_wh}
        state["duty"] = outlet.duty if "pilot" in outlet.found else None
        if app:
            state["status"] = app.station.connectors[0].status
            state["accepted"] = app.station.registration.accepted
        print("@" + json.dumps(state))


def main(path, folder, speed):
    import provision

    with open(path) as file:
        board = json.load(file)["board"]
    with open("boards/%s/board.json" % board) as file:
        fake_chip.power_on(json.load(file)["chip"])
    log.set_level("info")
    given, damaged = provision.configuration(folder, (board,))
    for name in ("provision", "config", "rules"):
        sys.modules.pop(name, None)
    from charger import Charger

    charger = Charger(given["hardware"], board)
    import hardware

    made = hardware.load(given, folder)
    from runner import Runner

    runner = Runner(made, given, folder, damaged)
    world = World(charger, speed)

    async def run():
        task = asyncio.create_task(runner.run())
        told = 0
        while world.step():
            if ticks_ms() - told > _TELL_MS:
                told = ticks_ms()
                world.tell(runner)
            await asyncio.sleep_ms(1)
        runner.stop()
        while not task.done():
            world.step()
            await asyncio.sleep_ms(1)

    asyncio.run(run())
    print("@" + json.dumps({"ended": True, "closed": world.outlet.closed}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
