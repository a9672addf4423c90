"""A complete charger on ocppy: one connector with contactor, meter, cable lock and card reader.

    micropython charger.py ws://127.0.0.1:9000/ cp001 FOLDER

FOLDER exists and keeps what must survive a restart. `Hardware` is what to replace on a real board;
here it is a car that comes, charges for some seconds and leaves. Everything below it stays.
"""

import asyncio
import sys

import ocpp
from ocpp.clock import Clock
from wsclient import Link, join


class Hardware:
    """What a board must bring: inputs to read, outputs to set."""

    def __init__(self):
        self.plugged = False  # a car is connected (state B or beyond)
        self.ev_ready = False  # the car asks for energy (state C or D)
        self.contactor = False
        self.locked = False
        self.max_a = 32
        self._wh = 120000.0  # the meter's register
        self.card = None  # identifier of a card just seen

    def energy_wh(self):
        return int(self._wh)

    def current_a(self):
        return self.max_a if self.contactor and self.ev_ready else 0

    def power_w(self):
        return 230 * self.current_a()

    def unlock(self):
        """True: open now; False: stuck; None: still moving."""
        self.locked = False
        return True

    async def run(self):
        """Time passes; energy flows. A thousand times as much as it should, so that there is
        something to see."""
        while True:
            await asyncio.sleep_ms(50)
            self._wh += self.power_w() * 50 / 3600

    async def visit(self):
        """A car comes, charges, and leaves."""
        self.plugged = True
        await asyncio.sleep_ms(300)
        self.card = "DEADBEEF"
        await asyncio.sleep_ms(500)
        self.ev_ready = True
        await asyncio.sleep_ms(2500)
        self.card = "DEADBEEF"
        await asyncio.sleep_ms(500)
        self.plugged = self.ev_ready = False
        await asyncio.sleep_ms(500)


class Charger:
    """Hardware and station, wired."""

    # Settings of our own: 1.6 key|2.x Component.Variable|type|unit|default|limits|access|flags
    SETTINGS = ("ExampleMaxCurrent|ExampleCtrlr.MaxCurrent|int|A|16|6..80|rw|",)

    def __init__(self, hardware, url, id, folder):
        self.hardware = hardware
        self.restart = None  # kind of the reset that is asked for
        self.clock = Clock()
        config = {
            "connectors": 1,
            "charge_point": {"vendor": "Example", "model": "One", "firmware": "1.0.0"},
            "ocpp": {"url": url, "id": id, "version": ["2.0.1", "1.6"]},
            "settings": {"MeterValueSampleInterval": "1", "ConnectionTimeOut": "120"},
        }
        self.station = ocpp.start(
            config, folder, self.clock, open_link=self._dial, declare=self.SETTINGS
        )
        self._inputs(ocpp.connector(1))
        self._hooks(self.station)
        self._operations(self.station)

    def _dial(self, url, protocols, headers):
        """One connection to the central system, made anew for each try."""
        return Link(join(url, self.station.config["ocpp"]["id"]), protocols, headers, self.clock)

    def _inputs(self, connector):
        hardware = self.hardware
        connector.bind("plugged", lambda: hardware.plugged)
        connector.bind("ev_ready", lambda: hardware.ev_ready)
        connector.bind("evse_ready", lambda: hardware.contactor)
        connector.bind("energy_wh", hardware.energy_wh)
        connector.measure("Power.Active.Import", hardware.power_w, "W")
        connector.measure("Current.Import", hardware.current_a, "A", "L1")

    def _hooks(self, station):
        station.boot_reason = "PowerUp"
        station.on_unlock = lambda connector: self.hardware.unlock()
        station.on_reset = self._reset
        station.reset_allowed = lambda kind: not (kind == "Soft" and self.hardware.power_w() > 0)
        station.on("StartTx", self._tell)
        station.on("StopTx", self._tell)
        station.on("AuthorizationRejected", self._tell)
        station.settings.watch("ExampleMaxCurrent", self._set_max)
        self._set_max(station.settings.get("ExampleMaxCurrent"))

    def _operations(self, station):
        station.on_data("com.example", "Hello", lambda data: ("Accepted", "hello " + (data or "")))
        station.handle("GetDiagnostics", lambda request: {})  # we have none to upload
        station.observe("MeterValues", lambda event, payload: print("MeterValues", event))

    def _reset(self, kind):
        self.restart = kind

    def _set_max(self, amperes):
        self.hardware.max_a = amperes

    def _tell(self, event, connector):
        if connector and connector.transaction:
            print(event, connector.transaction.id_token)
        else:
            print(event)

    def step(self):
        """What the station wants goes to the hardware; a card goes to the station."""
        hardware, connector = self.hardware, self.station.connector(1)
        # The pilot decides, too: no contactor without a car that asks.
        hardware.contactor = connector.charging_permitted and hardware.ev_ready
        hardware.locked = connector.lock_wanted
        if connector.limit_ma is not None:
            hardware.max_a = min(hardware.max_a, connector.limit_ma // 1000)
        if hardware.card:
            self.station.present(hardware.card, 1)
            hardware.card = None

    async def run(self):
        while self.restart is None:
            self.step()
            await asyncio.sleep_ms(20)
        ocpp.stop()  # ocpp.run() ends; on a board machine.reset() comes next


async def main(url, id, folder):
    hardware = Hardware()
    charger = Charger(hardware, url, id, folder)
    tasks = [asyncio.create_task(t) for t in (ocpp.run(), hardware.run(), charger.run())]
    while not charger.station.online:
        await asyncio.sleep_ms(20)
    await hardware.visit()
    while charger.station.ocpp_status()["queued"]:
        await asyncio.sleep_ms(20)
    answer = []
    ocpp.call("DataTransfer", {"vendorId": "com.example"}, lambda *a: answer.append(a))
    while not answer:
        await asyncio.sleep_ms(20)
    result, error = answer[0]
    print("DataTransfer", result["status"] if result else error)
    for task in tasks[1:]:
        task.cancel()
    ocpp.stop()
    await tasks[0]  # a fault of the station comes out here


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
