"""An outlet, its wire and a real connector of the station, without a central system."""

from evse_support import Bench
from hardware.evse import Evse
from wire import Wire


class Connector:
    """What the wire uses of a connector of the station."""

    authorized = None

    def __init__(self):
        self.charging_permitted = False
        self.limit_ma = None
        self.limit_phases = None
        self.lock_wanted = False
        self.plugged = self.ev_ready = False
        self.evse_ready = None
        self.errors = {}

    def set_error(self, code, info="", vendor_id="", vendor_code="", faulted=True):
        self.errors[(code, vendor_code)] = (info, vendor_id, faulted)

    def clear_error(self, code=None, vendor_code=None):
        self.errors.pop((code, vendor_code), None)


def join(connector, bench):
    """Once a loop: commands in, one step, states and faults out."""
    evse = Evse(1, bench.controller, bench.guard)
    wire = Wire(connector, evse)

    def step():
        wire.write()
        evse.step()
        wire.read()

    bench.step = step


def wired(**parts):
    connector = Connector()
    bench = Bench(**parts)
    join(connector, bench)
    bench.run(100)
    return bench, connector


def test_what_a_cable_carries():
    bench, connector = wired(socket=True, ohm=680)
    assert connector.cable_ma is None
    bench.hal.car = "B"
    bench.run(1000)
    assert connector.plugged and connector.cable_ma == 20000
    bench.hal.car = "A"
    bench.run(3000)
    assert not connector.plugged and connector.cable_ma is None
    bench, connector = wired()  # its own cable is always the same
    bench.hal.car = "B"
    bench.run(1000)
    assert connector.plugged and connector.cable_ma is None


def test_session():
    bench, connector = wired(has_lock=True)
    bench.hal.car = "C"
    bench.run(1000)
    assert connector.plugged and connector.ev_ready and connector.evse_ready is False
    assert bench.controller.state == "Connected", "nothing without the station"
    connector.lock_wanted = True
    connector.limit_ma = 10000
    connector.charging_permitted = True
    bench.until("Charging")
    assert connector.evse_ready is True and bench.hal.duty == 1666 and bench.hal.shut
    connector.limit_ma = 0
    bench.run(50)
    assert connector.evse_ready is False and bench.controller.state == "Stopping"
    connector.limit_ma = None
    connector.charging_permitted = False
    bench.hal.car = "A"
    bench.run(400)
    assert not connector.plugged and not connector.ev_ready


def test_faults_come_and_go():
    bench, connector = wired(pe=True)
    connector.charging_permitted = True
    bench.charge()
    bench.hal.pressed = True
    bench.hal.pe = False
    bench.run(1000)
    assert connector.errors == {
        ("OtherError", "CX008"): ("emergency stop", "https://chargex.inl.gov", True),
        ("GroundFailure", "CX002"): ("no protective earth", "https://chargex.inl.gov", True),
    }
    bench.hal.trips = True  # the same code again, ends with the other still there
    bench.run(1000)
    bench.hal.trips = False
    bench.hal.pressed = False
    bench.run(1000)
    bench.hal.car = "A"
    bench.run(500)
    assert list(connector.errors) == [("GroundFailure", "CX002")]
    assert connector.errors[("GroundFailure", "CX002")][0] == "no protective earth"
    bench.hal.pe = True
    bench.run(61000)
    assert not connector.errors


def test_warning_is_told_as_one():
    bench, connector = wired(celsius=70)
    bench.run(100)
    assert connector.errors[("HighTemperature", "CX018")][2] is False


def test_a_real_connector_takes_it():
    from ocpp.station.connector import Connector as Real
    from ocpp.station.connector import is_fault

    class Dialect:
        def trouble(self, connector, code, there):
            assert connector.id == 1 and code == "GroundFailure"

    class Station:
        errors = []
        dialect = Dialect()

    bench = Bench(pe=True)
    station = Station()
    station.clock = bench.clock
    connector = Real(station, 1)
    join(connector, bench)
    bench.hal.car = "C"
    bench.run(1000)
    assert connector.plugged and connector.ev_ready and not connector.errors
    assert bench.controller.permit is False and not bench.hal.events
    bench.hal.pe = False
    bench.run(1000)
    assert is_fault(connector.errors) and connector.state() == "Faulted"
    bench.hal.pe = True
    bench.run(61000)
    assert not connector.errors
