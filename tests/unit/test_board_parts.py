# heap: 4M
# timeout: 240
# marks: slow
"""Compositions that no shipped board has of itself: foreign controllers, other meters and readers,
contactors of two, loads without a pilot."""

import reader_fakes
from driver_fakes import Slave
from fake_station import Firmware, machine, simtime
from test_drivers_foreign import FakeOpenEVSE


def remote_start(f, n=1):
    answer = f.ask("RemoteStartTransaction", {"idTag": "TAG", "connectorId": n})
    assert answer == {"status": "Accepted"}, answer


# -- foreign controllers ------------------------------------------------------------------------


def test_openevse():
    def attach(f):
        f.fake = FakeOpenEVSE(f.charger.clock)
        line = f.charger.line(2, (115200, None))
        line.char_us = 96
        line.devices.append(f.fake)

    foreign = {"driver": "openevse", "uart": 2}
    f = Firmware(
        "esp32_devkitc", attach=attach, pilot=None, contactor=None, meter=None, foreign=foreign
    )
    f.run(4000)
    assert f.connector.status == "Available" and f.fake.asleep, f.story()
    f.fake.car = 2
    f.run(2000)
    assert f.connector.status == "Preparing"
    f.card()
    f.run(3000)
    assert not f.fake.asleep and f.fake.amps == 16
    f.fake.car = 3
    f.fake.milliamps = 16000
    f.until("Charging")
    f.fake.session_ws = 3600 * 7
    f.run(4000)
    f.fake.fault = 6
    f.run(3000)
    assert f.connector.status == "Faulted"
    failure = [p for p in f.csms.sent("StatusNotification") if p["errorCode"] == "GroundFailure"]
    assert failure, f.story()
    stop = f.csms.sent("StopTransaction")[0]
    start = f.csms.sent("StartTransaction")[0]
    assert stop["meterStop"] - start["meterStart"] == 7


def test_simpleevse_and_meter_on_one_line_and_a_contactor():
    def attach(f):
        f.fake = Slave(f.charger.clock, unit=2, gap_ms=200)
        f.fake.registers[3] = {1000: 16, 1001: 16, 1002: 2, 2000: 16}
        f.charger.lines[1].devices.append(f.fake)

    foreign = {"driver": "simpleevse", "uart": 1, "address": 2}
    f = Firmware("esp32_devkitc", attach=attach, pilot=None, foreign=foreign)
    f.run(4000)
    assert f.connector.status == "Preparing" and not f.outlet.closed
    assert f.fake.registers[3][1000] == 0
    f.card()
    f.run(3000)
    assert f.fake.registers[3][1000] == 16 and f.outlet.closed
    f.fake.registers[3][1002] = 3
    f.until("Charging")
    f.charger.lines[1].devices.remove(f.fake)
    f.run(13000)
    assert not f.outlet.closed, "what it does is not known: our own contactor is open"
    failures = [p for p in f.csms.sent("StatusNotification") if p["errorCode"] == "InternalError"]
    assert failures[0]["vendorErrorCode"] == "ControllerSilent", failures


def test_relay_opens_when_the_main_loop_stands_still():
    def attach(f):
        fake = Slave(f.charger.clock, unit=2, gap_ms=200)
        fake.registers[3] = {1000: 16, 1001: 16, 1002: 3, 2000: 0}
        f.charger.lines[0].devices.append(fake)

    foreign = {"driver": "simpleevse", "uart": 0, "address": 2}
    f = Firmware("pico_w", attach=attach, pilot=None, foreign=foreign)
    f.run(4000)
    f.card()
    f.until("Charging")
    assert f.outlet.closed
    begin = simtime.now_us
    while f.outlet.closed:
        simtime.advance(10)
    assert simtime.now_us - begin < 2000000


# -- contactors ---------------------------------------------------------------------------------


def test_one_phase_of_three():
    f = Firmware("esp32_devkitc", contactor={"second": "GPIO13"})
    f.run(2500)
    assert machine.pin(13).first == 0 and f.board.evses[0].switches_phases
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10, "numberPhases": 1}],
        },
    }
    request = {"connectorId": 1, "csChargingProfiles": profile}
    assert f.ask("SetChargingProfile", request) == {"status": "Accepted"}
    f.outlet.phases = 1
    f.outlet.plug("C")
    f.run(500)
    f.card()
    f.until("Charging")
    f.run(1500)
    assert f.outlet.closed and not machine.pin(13).level, f.story()
    assert f.outlet.duty == 1666
    f.board.close()
    assert not f.outlet.closed


def test_active_low_relay():
    f = Firmware("esp32_devkitc", contactor={"active": 0})
    line = machine.pin(26)
    assert line.first == 1 and line.level == 1
    f.run(2500)
    f.outlet.plug("C")
    f.run(500)
    f.card()
    f.until("Charging")
    f.run(1000)
    assert line.level == 0 and f.outlet.closed
    f.board.off()
    assert line.level == 1


# -- meters -------------------------------------------------------------------------------------


def test_pulse_meter_keeps_its_register():
    meter = {"driver": "s0", "pin": "GPIO34", "pull": "none", "energy_wh": 5000}
    f = Firmware("esp32_devkitc", meter=meter)
    f.run(2500)
    f.outlet.plug("C", 16)
    f.run(500)
    f.card()
    f.until("Charging")
    f.run(6000)
    told = f.board.evses[0].energy_wh
    flowed = f.outlet.energy_wh - 12345
    assert flowed > 10 and abs(told - 5000 - flowed) <= 1, (told, flowed)
    assert abs(f.board.evses[0].meter.power_w - 11040) < 400, f.board.evses[0].meter.power_w
    f.board.close()
    again = Firmware("esp32_devkitc", folder=f.folder, meter=meter)
    again.run(100)
    assert again.board.evses[0].energy_wh == told


def test_meter_that_was_replaced():
    f = Firmware("esp32_devkitc")
    f.run(3000)
    assert f.board.evses[0].energy_wh == 12345
    f.outlet.energy_wms = 100 * 3600000
    f.run(8000)
    assert f.board.evses[0].energy_wh == 12345, "nobody pays for the difference"
    f.board.close()

    def replaced(again):
        again.outlet.energy_wms = 101 * 3600000

    again = Firmware("esp32_devkitc", folder=f.folder, attach=replaced)
    again.run(3000)
    assert again.board.evses[0].energy_wh == 12346


# -- readers ------------------------------------------------------------------------------------


def pulse(f, bits):
    for bit in bits:
        machine.pin(35 if bit else 34).pulse()
        f.run(5)


def test_wiegand_and_decimal_numbers():
    reader = {"driver": "wiegand", "d0": "GPIO34", "d1": "GPIO35", "pull": "none"}
    f = Firmware("esp32_devkitc", {"rfid": dict(reader, decimal=True, digits=10)})
    f.run(2500)
    number = 0x1234AB
    bits = [number >> i & 1 for i in range(23, -1, -1)]
    bits = [sum(bits[:12]) % 2] + bits + [1 - sum(bits[12:]) % 2]
    pulse(f, bits)
    f.run(1000)
    assert f.csms.sent("Authorize") == [{"idTag": "0001193131"}], f.csms.sent("Authorize")


def test_two_readers_each_for_its_connector():
    second = {
        "pilot": {"pin": "GPIO14", "adc": "GPIO39"},
        "contactor": {"pin": "GPIO13"},
        "meter": {"driver": "sdm630", "uart": 1, "address": 2},
    }
    readers = [
        {"driver": "pn532", "i2c": 0, "connector": 1},
        {"driver": "rdm6300", "uart": 2, "connector": 2, "order": "lsb", "case": "lower"},
    ]
    f = Firmware("esp32_devkitc", {"connectors": [{}, second], "rfid": readers})
    f.run(2500)
    for outlet in f.charger.outlets:
        outlet.plug("C")
    f.run(500)
    f.card("0011AABBCC", reader=1)
    f.until("Charging", connector=2)
    assert f.csms.sent("StartTransaction")[0]["connectorId"] == 2
    assert f.csms.sent("StartTransaction")[0]["idTag"] == "ccbbaa1100"
    f.run(1500)
    assert f.charger.outlets[1].closed and not f.outlet.closed
    f.card("04A1B2C3D4E5F6", reader=0)
    f.until("Charging")
    assert f.csms.sent("StartTransaction")[1]["idTag"] == "04A1B2C3D4E5F6"


def test_pn532_on_spi_and_on_a_uart():
    def on_spi(f):
        f.chip = reader_fakes.FakePN532(f.charger.clock)
        machine.spi_device(1, 4, reader_fakes.FakeSPI(f.chip, machine.pin(4)))

    def on_uart(f):
        f.chip = reader_fakes.FakePN532(f.charger.clock)
        machine.uart_line(2, reader_fakes.FakeUART(f.chip), (115200, None))

    for reader, attach in (({"spi": 1, "cs": "GPIO4"}, on_spi), ({"uart": 2}, on_uart)):
        reader.update({"driver": "pn532", "i2c": None})
        f = Firmware("esp32_devkitc", {"rfid": reader}, attach=attach)
        f.run(3000)
        f.chip.card = b"\x04\xa1\xb2\xc3"
        f.run(1000)
        assert f.csms.sent("Authorize") == [{"idTag": "04A1B2C3"}], (reader, f.board.readers)


def test_mfrc522():
    def attach(f):
        f.chip = reader_fakes.FakeMFRC522(f.charger.clock, machine.pin(4))
        machine.spi_device(1, 4, f.chip)

    reader = {"driver": "mfrc522", "spi": 1, "cs": "GPIO4", "reset": "GPIO16"}
    f = Firmware("esp32_devkitc", {"rfid": reader}, attach=attach)
    f.run(3000)
    f.chip.cards.append(reader_fakes.Card(b"\x04\xa1\xb2\xc3"))
    f.run(2000)
    assert f.csms.sent("Authorize") == [{"idTag": "04A1B2C3"}], f.board.evses[0].errors


# -- what is measured ---------------------------------------------------------------------------


def test_socket_of_a_pico_with_a_hot_plug():
    """Beside the pilot, which an interrupt measures, the main loop reads the same ADC."""
    parts = {
        "socket": True,
        "proximity": {"adc": "GPIO27"},
        "temperature": {"driver": "ntc", "adc": "GPIO28"},
    }
    f = Firmware("pico_w", **parts)
    f.outlet.cable_ohm = 1500  # 13 A
    f.run(2500)
    f.outlet.plug("C")
    f.run(1000)
    f.card()
    f.until("Charging")
    f.run(1500)
    assert f.outlet.closed and f.outlet.duty == 2166, f.outlet.duty
    assert f.board.evses[0].sensor.temperature() == 25
    f.outlet.celsius = 90
    f.run(3000)
    assert not f.outlet.closed and f.connector.status == "Faulted"
    assert machine.races == 0, machine.races


def test_what_the_hardware_is_doing():
    import talk

    class Runner:
        pass

    f = Firmware("smartevse_v3")
    f.run(2500)
    f.outlet.plug("C")
    f.run(500)
    f.card()
    f.until("Charging")
    f.run(2000)
    runner = Runner()
    runner.board = f.board
    lines = list(talk.Talk(runner, None).commands["hardware"](""))
    assert lines[0] == "connector 1: Charging, contactor closed", lines
    assert lines[1].startswith("  pilot 53.33 %, peaks 5"), lines
    assert lines[2] == "  at the ADC 2567 and 200 mV", lines
    assert lines[3].startswith("  longest time between two ticks 1"), lines
    assert "11040 W" in lines[4] and "meter 1: well" in lines, lines


# -- without a pilot ----------------------------------------------------------------------------


def test_load_that_is_done_ends_its_session():
    f = Firmware("relay_socket", load={"idle_w": 5, "idle_s": 20})
    f.run(4000)
    f.outlet.plug("C", 5)
    f.card()
    f.until("Charging")
    f.run(25000)
    assert f.outlet.closed, "it draws power"
    f.outlet.unplug()
    f.run(15000)
    assert f.outlet.closed
    f.run(10000)
    assert not f.outlet.closed and f.connector.status in ("SuspendedEV", "Finishing", "Available")
    assert f.csms.sent("StopTransaction")[0]["reason"] == "EVDisconnected"
    f.until("Available")


def test_limit_below_what_a_socket_carries():
    f = Firmware("relay_socket")
    f.run(4000)
    remote_start(f)
    f.outlet.plug("C", 5)
    f.until("Charging")
    f.run(1000)
    assert f.outlet.closed
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "ChargePointMaxProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8}],
        },
    }
    request = {"connectorId": 0, "csChargingProfiles": profile}
    assert f.ask("SetChargingProfile", request) == {"status": "Accepted"}
    f.run(2000)
    assert not f.outlet.closed and f.connector.status == "SuspendedEVSE", f.story()
    f.ask("ClearChargingProfile", {})
    f.until("Charging")
    f.run(6000)
    assert f.outlet.closed and f.connector.tx


# -- expander -----------------------------------------------------------------------------------


class FakePCF8574:
    """Quasi-bidirectional pins: what is written, pulled down from outside by the bits of `low`."""

    out = 0xFF
    low = 0
    dead = False

    def writeto(self, address, data):
        if self.dead:
            raise OSError(19)
        self.out = data[0]

    def readfrom_into(self, address, buffer):
        if self.dead:
            raise OSError(19)
        buffer[0] = self.out & ~self.low


def test_lights_and_button_on_an_expander():
    chip = FakePCF8574()
    config = {
        "expander": {"driver": "pcf8574", "i2c": 0, "address": 39},
        "lights": {"driver": "leds", "red": "X0", "green": "X1", "blue": None, "active": 0},
        "button": {"pin": "X7", "id_tag": "PUSH"},
    }
    f = Firmware("esp32_devkitc", config, attach=lambda f: machine.i2c_device(0, 39, chip))
    f.run(3000)
    assert chip.out == 0b10000001, bin(chip.out)  # green is lit: available
    f.outlet.plug("C")
    f.run(500)
    chip.low = 0x80
    f.run(200)
    chip.low = 0
    f.until("Charging")
    assert f.csms.sent("StartTransaction")[0]["idTag"] == "PUSH"
    f.run(1500)
    f.run(8000)
    chip.dead = True
    f.run(2000)
    assert f.outlet.closed, "lights are not needed to charge"
    trouble = [e for e in f.board.evses[0].errors if e[3] == "ExpanderPart"]
    assert trouble and trouble[0][4] is False, f.board.evses[0].errors
    chip.dead = False
    f.run(2000)
    assert not f.board.evses[0].errors


# -- a board of one's own -----------------------------------------------------------------------


def test_board_with_a_few_lines_of_its_own():
    import os
    import sys

    from central import fresh_directory

    root = fresh_directory()
    for name, text in (
        (
            "plus",
            "from hardware.board import Board as Usual\nclass Board(Usual):\n    extra = 7\n",
        ),
        ("odd", "import nonesuch\n"),
    ):
        os.mkdir(root + "/" + name)
        with open("boards/esp32_devkitc/board.json") as file:
            data = file.read().replace('"esp32_devkitc"', '"%s"' % name, 1)
        with open("%s/%s/board.json" % (root, name), "w") as file:
            file.write(data)
        with open("%s/%s/board.py" % (root, name), "w") as file:
            file.write(text)
    sys.path.append(root)
    try:
        board = made("plus", root)
        assert board.extra == 7 and board.evses[0].id == 1
        try:
            made("odd", root)
            raise AssertionError("a fault in a board.py is not hidden")
        except ImportError as e:
            assert "nonesuch" in str(e)
    finally:
        sys.path.remove(root)


def made(name, root):
    import fake_chip
    import hardware
    from fake_station import configured

    fake_chip.power_on("esp32")
    return hardware.load(configured(name), root)
