# MicroPython: the set-up portal on real sockets, its access point a thing of the mind.
# `micropython portal_driver.py ROOT HTTP DNS`; a line on standard input lets so many seconds pass.
import asyncio
import json
import os
import select
import sys

sys.path.append("boards")  # the data of boards, beside compiled code

import portal
import terminal

from ocpp import clock

leapt_ms = 0


class Clock(clock.Clock):
    def ticks(self):
        return super().ticks() + leapt_ms


class Point:
    on = True

    def ifconfig(self):
        return ("127.0.0.1", "255.255.255.0", "127.0.0.1", "127.0.0.1")

    def active(self, on):
        self.on = on


class Port:
    def __init__(self):
        self.point = Point()

    def identity(self):
        return "e66118604b123456"

    def access_point(self):
        return self.point

    def secure_point(self, point, name, password):
        print("@" + json.dumps({"name": name, "password": password}))


class Console:
    def __init__(self, commands, scope):
        pass

    async def run(self):
        global leapt_ms
        poll = select.poll()
        poll.register(sys.stdin, select.POLLIN)
        while True:
            if poll.poll(0):
                leapt_ms += int(sys.stdin.readline() or 1000) * 1000
            await asyncio.sleep_ms(10)


def main(root, http, dns):
    terminal.serial = Console
    portal.Clock = Clock
    os.mkdir(root + "/data")
    portal.Portal.http, portal.Portal.dns = int(http), int(dns)
    port = Port()
    made = portal.Portal(port, root + "/data", root, ("pico_w",), None)
    asyncio.run(made.run())
    print("@" + json.dumps({"ended": True, "point": port.point.on}))


main(*sys.argv[1:])
