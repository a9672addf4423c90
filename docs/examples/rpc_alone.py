"""The call layer alone: OCPP-J frames, one call at a time, timeouts, reconnection. The logic is
yours.

    micropython rpc_alone.py ws://127.0.0.1:9000/ cp001

Nothing of ocppy's own idea of a charger is loaded: no settings, no transactions, no flash.
"""

import sys
import time

from ocpp.calls import TRIGGERED, CallError
from ocpp.clock import Clock
from ocpp.rpc import RPC


class Settings(dict):
    """What a Supervisor asks for; these never change, so nobody needs to be told."""

    def watch(self, name, fn):
        pass


class Charger:
    """Somebody else's OCPP 1.6 logic: boots, beats, counts what it is asked."""

    def __init__(self, connection, clock):
        self.rpc = RPC(connection, clock, timeout_ms=10000)
        self.rpc.on_call = self._asked
        self.rpc.may_send = lambda klass: self.registered or klass == TRIGGERED
        self.registered = False
        self.heartbeats = 0
        self.resets = 0
        self._boot()

    def _boot(self):
        payload = {"chargePointVendor": "Example", "chargePointModel": "Rpc"}
        self.rpc.call("BootNotification", payload, self._booted, TRIGGERED)

    def _booted(self, result, error):
        """`error`: a CALLERROR, or a local one: "Timeout", "Offline", "Dropped"."""
        self.registered = error is None and result["status"] == "Accepted"
        if not self.registered:
            self._boot()
        else:
            self.rpc.call("Heartbeat", {}, self._beaten)

    def _beaten(self, result, error):
        if error is None:
            self.heartbeats += 1

    def _asked(self, request):
        """Answer a call: return a dict, raise a CallError, or return None and answer later."""
        if request.action == "Reset":
            self.resets += 1
            return {"status": "Accepted"}
        if request.action == "ClearCache":
            # Later: request.reply() may be called from anywhere.
            self.rpc.call("Heartbeat", {}, lambda *_: request.reply({"status": "Accepted"}))
            return None
        raise CallError("NotImplemented", request.action)

    def step(self):
        self.rpc.connection.step()
        self.rpc.step()


def main(url, id):
    """Until the central system has asked for a reset."""
    from ocpp.connection import Supervisor
    from wsclient import Link, join

    clock = Clock()
    settings = Settings(WebSocketPingInterval=30, RetryBackOffWaitMinimum=1)
    connection = Supervisor(clock, lambda: Link(join(url, id), ["ocpp1.6"], [], clock), settings)
    charger = Charger(connection, clock)
    while not charger.resets or charger.rpc.busy:
        charger.step()
        time.sleep_ms(2)
    connection.close()
    print("heartbeats", charger.heartbeats)


if __name__ == "__main__":
    main(*sys.argv[1:3])
