"""Boots an image of a chip's flash on the unix port: `micropython image_boot.py IMAGE PROGSIZE
CHIP FAKES [FROZEN]`. The file system is read by MicroPython's own LittleFS, the program comes from
the image, the modules of the chip from FAKES, those that stand for frozen ones from FROZEN. Prints
a line of JSON about what came of it."""

import asyncio
import json
import os
import sys

import vfs

_BLOCK = const(4096)
_STEP_MS = const(20)
_TURNS = const(400)


class Device:
    """A block device in a file."""

    def __init__(self, path):
        self._file = open(path, "r+b")
        self._blocks = os.stat(path)[6] // _BLOCK

    def readblocks(self, block, buf, offset=0):
        self._file.seek(block * _BLOCK + offset)
        self._file.readinto(buf)

    def writeblocks(self, block, buf, offset=None):
        self._file.seek(block * _BLOCK + (offset or 0))
        self._file.write(b"\xff" * _BLOCK if offset is None else buf)
        if offset is None:
            self._file.seek(block * _BLOCK)
            self._file.write(buf)

    def ioctl(self, op, arg):
        if op == 6:
            self._file.seek(arg * _BLOCK)
            self._file.write(b"\xff" * _BLOCK)
            return 0
        return {4: self._blocks, 5: _BLOCK}.get(op, 0)


def mounted(path, progsize):
    """The image is all there is, as on a chip; the host's files are below /host."""
    device = Device(path)
    vfs.umount("/")
    vfs.mount(vfs.VfsLfs2(device, progsize=progsize), "/")
    names = os.listdir("/")
    vfs.mount(vfs.VfsPosix("/"), "/host")
    return names


def run(name):
    """As MicroPython does at the start."""
    with open("/" + name) as file:
        exec(file.read(), {"__name__": "__main__"})


def main(path, progsize, chip, fakes, frozen=None):
    names = mounted(path, int(progsize))
    sys.path[:] = ["", ".frozen", "/host" + fakes]
    import machine
    import simtime

    simtime.install()
    with open("/host%s/../../boards/chips/%s.json" % (fakes, chip)) as file:
        machine.power_on(json.load(file))
    sys.path.insert(2, "/lib")
    if frozen:
        sys.path.insert(1, "/host" + frozen)
    result = {"names": names}

    class Watcher:
        def __init__(self, commands, scope):
            self.scope = scope

        async def run(self):
            runner = self.scope.get("runner")
            for _ in range(_TURNS):
                simtime.advance(_STEP_MS)
                await asyncio.sleep_ms(0)
                if runner and runner.app and runner.app.clock.uptime() > 2:
                    break
            if runner:
                station = runner.app.station
                result["status"] = [c.status for c in station.connectors]
                result["error"] = station.connection.error
                result["id"] = runner.config["ocpp"]["id"]
                result["modules"] = sys.modules["app"].__file__
                runner.stop()
            else:
                result["set_up"] = True
                machine.resets.append("test")
                print(json.dumps(result))
                sys.exit(0)

    sys.modules["terminal"] = Watcher
    Watcher.serial = Watcher
    asyncio.sleep_ms, sleep = lambda ms: sleep(0), asyncio.sleep_ms
    run("boot.py")
    run("main.py")
    result["left"] = os.listdir("/")
    print(json.dumps(result))


main(*sys.argv[1:])
