# MicroPython: builds the board of a bundle on the chip of tests/fakes, and prints as JSON what
# each connector says is wrong. `micropython bundle_boot.py ROOT FAKES CHIP BOARD`; ROOT: the
# files of the chip. Nothing but these and the fakes can be imported.
import json
import sys

root, fakes, chip, board = sys.argv[1:]
sys.path[:] = [".frozen", root + "/lib", fakes]

import machine  # noqa: E402
import simtime  # noqa: E402

simtime.install()
with open("%s/lib/chips/%s.json" % (root, chip)) as file:
    machine.power_on(json.load(file))

import hardware  # noqa: E402
import provision  # noqa: E402

from ocpp.log import log  # noqa: E402

told = []
log.sink = lambda level, line: told.append(line)
found = {}
try:
    config, _ = provision.configuration(root + "/data", (board,))
except provision.ConfigError as e:
    found["refused"] = e.lines or [str(e)]
else:
    made = hardware.load(config, root + "/data")
    for _ in range(50):
        simtime.advance(20)
        made.step()
    found["errors"] = [error[:4] for evse in made.evses for error in evse.errors]
    found["drivers"] = sorted([n for n in sys.modules if n[:8] == "drivers."])
    import boardfile

    wired = boardfile.board(board)["network"]
    if wired["kind"] != "wifi":
        import port

        try:
            port.lan(wired)
        except AttributeError:
            pass  # the fake chip has no Ethernet; the driver was there
        found["drivers"].append("drivers.ethernet" if "drivers.ethernet" in sys.modules else "")
found["log"] = told
print(json.dumps(found))
