"""Which modules 1.6 Core needs: those imported while `scenario.core()` runs, also those let go
again; with the WebSocket client and its supervision in place of the loopback. Run on the unix
port: `used.py FLASH`; prints their names as JSON."""

import builtins
import json
import sys

import scenario

seen = set()
_import = builtins.__import__


def spy(*a):
    module = _import(*a)
    seen.update(sys.modules)
    return module


builtins.__import__ = spy
bench = scenario.Bench(sys.argv[1])
for _ in bench.core():
    bench.around()
    bench.step()
bench.station.stop()
again = scenario.Bench(sys.argv[1])  # a second boot on the same flash
for _ in again.idle(5000):
    again.around()
    again.step()
for name in ("ocpp.connection", "wsclient.dial", "wsclient.handshake", "wsclient.secure"):
    spy(name)
seen.remove("ocpp.loopback")
print(json.dumps(sorted(m for m in seen if m.split(".")[0] in ("ocpp", "wsclient"))))
