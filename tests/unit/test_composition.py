# heap: 2M
"""Hardware as board and configuration put it together: what is merged, and what is refused."""

import sys

import boardfile
import composition
from support import raises

sys.path.append("boards")  # the data of boards, beside compiled code


def problems(board="esp32_devkitc", **config):
    found = boardfile.board(board)
    return composition.check(config, found, boardfile.chip(found["chip"]))[1]


def plan(board="esp32_devkitc", **config):
    found = boardfile.board(board)
    made, wrong = composition.check(config, found, boardfile.chip(found["chip"]))
    assert not wrong, wrong
    return made


def one(*parts, board="esp32_devkitc", **config):
    """Exactly one thing is wrong; its line has all `parts`."""
    found = problems(board, **config)
    assert len(found) == 1, found
    for part in parts:
        assert part in found[0], (part, found[0])
    assert "accepted: " in found[0] and "\n" not in found[0]


def connector(**parts):
    return [parts]


# -- what is merged -----------------------------------------------------------------------------


def test_every_shipped_board_is_whole():
    for name in boardfile.names():
        board = boardfile.board(name)
        if board.get("port") == "unix":
            continue
        made = plan(name)
        assert made["connectors"][0]["contactor"]["pin"] in boardfile.chip(board["chip"])["pins"]
        assert made["connectors"][0]["meter"], name
        assert len(board["model"]) <= 20 and board["flash_mb"] >= 2 and board["title"]
        with open("boards/%s/README.md" % name) as file:
            text = file.read()
        for pin in pins_in(board["hardware"]):
            assert pin in text, "%s: the README does not tell of %s" % (name, pin)


def pins_in(value):
    """All pins that a composition names."""
    if isinstance(value, str):
        return [value] if value[:4] == "GPIO" else []
    if isinstance(value, dict):
        value = list(value.values())
    found = []
    for item in value if isinstance(value, list) else ():
        found += pins_in(item)
    return found


def test_every_key_is_in_the_documentation():
    import parts

    with open("docs/boards.md") as file:
        text = file.read()
    tables = [parts.CONNECTOR] + list(parts.OF_BUS.values())
    for kinds in list(parts.OF_CONNECTOR.values()) + list(parts.OF_STATION.values()):
        tables += list(kinds.values())
    for table in tables:
        for name in parts.parsed(table):
            assert "`%s`" % name in text, name
    for name in list(parts.OF_CONNECTOR) + list(parts.OF_STATION) + boardfile.names():
        assert "`%s`" % name in text, name


def test_configuration_over_board():
    made = plan(connectors=connector(meter={"address": 7}, contactor={"pin": "GPIO13"}))
    outlet = made["connectors"][0]
    assert outlet["meter"]["driver"] == "sdm630" and outlet["meter"]["address"] == 7
    assert outlet["contactor"] == dict(outlet["contactor"], pin=13, active=1, feedback=None)
    assert outlet["pilot"]["pin"] == 27 and outlet["max_a"] == 16
    assert made["uart"][1]["tx"] == 25 and 2 not in made["uart"], "only buses in use take pins"


def test_null_takes_a_part_away():
    made = plan(connectors=connector(meter=None), rfid=None)
    assert "meter" not in made["connectors"][0] and "rfid" not in made and not made["i2c"]


def test_another_driver_replaces_all():
    made = plan(connectors=connector(meter={"driver": "s0", "pin": "GPIO34", "pull": "none"}))
    meter = made["connectors"][0]["meter"]
    assert meter == dict(meter, pin=34, per_kwh=1000) and "address" not in meter


def test_two_connectors_share_a_line():
    second = {
        "pilot": {"pin": "GPIO14", "adc": "GPIO39"},
        "contactor": {"pin": "GPIO13"},
        "meter": {"driver": "sdm630", "uart": 1, "address": 2},
    }
    made = plan(connectors=[{}, second])
    assert [c["meter"]["address"] for c in made["connectors"]] == [1, 2]
    assert made["connectors"][1]["max_a"] == 32, "the default, not that of connector 1"


def test_meter_tells_how_its_line_is_set():
    made = plan(connectors=connector(meter={"driver": "we517", "uart": 1}))
    assert made["connectors"][0]["meter"]["baud"] == 9600
    assert made["connectors"][0]["meter"]["parity"] == 0
    meter = {"driver": "we517", "uart": 1, "baud": 19200, "parity": "none"}
    made = plan(connectors=connector(meter=meter))
    assert made["connectors"][0]["meter"]["baud"] == 19200
    assert made["connectors"][0]["meter"]["parity"] is None


def test_number_of_connectors():
    assert len(plan(connectors=1)["connectors"]) == 1
    one("connectors is 2", "1 to 1, or a list", connectors=2)
    one("connectors is []", "1 to 16", connectors=[])
    one('connectors[0] is "x"', "an object", connectors=["x"])


# -- pins ---------------------------------------------------------------------------------------


def test_pins_that_do_not_exist():
    for pin in ("GPIO77", "GPIO24", "GPIO", "26", "D4", 26, None, [], "GPIO26 "):
        if pin is None:
            found = problems(connectors=connector(contactor={"pin": pin}))
            assert "connectors[0].contactor.pin is missing" in found[0], found
        else:
            one(
                "connectors[0].contactor.pin is ",
                "GPIO13",
                connectors=connector(contactor={"pin": pin}),
            )


def test_pins_that_are_taken():
    for pin, why in (
        ("GPIO6", "flash"),
        ("GPIO12", "how the chip boots"),
        ("GPIO0", "how the chip boots"),
        ("GPIO1", "console"),
        ("GPIO34", "only be an input"),
    ):
        one('"%s"' % pin, why, connectors=connector(contactor={"pin": pin}))
    one(
        '"GPIO35"',
        "PSRAM",
        board="esp32s3_devkitc",
        connectors=connector(contactor={"pin": "GPIO35"}),
    )
    one(
        '"GPIO23"',
        "a pin of this board",
        board="pico_w",
        connectors=connector(contactor={"pin": "GPIO23"}),
    )


def test_pin_used_twice():
    one(
        'connectors[0].contactor.pin is "GPIO27"',
        "connectors[0].pilot.pin does",
        connectors=connector(contactor={"pin": "GPIO27"}),
    )
    one("i2c.0.scl", '"GPIO26"', "connectors[0].contactor.pin", i2c={"0": {"scl": "GPIO26"}})


def test_pins_of_the_ethernet_are_not_for_us():
    board = boardfile.board("wt32_eth01")
    board["pins"]["GPIO23"] = ""
    config = {"connectors": connector(contactor={"pin": "GPIO23"})}
    found = composition.check(config, board, boardfile.chip("esp32"))[1]
    assert len(found) == 1 and "the network (mdc) does" in found[0], found


def test_adc():
    one(
        '"GPIO13"',
        "ADC2 does not work beside Wi-Fi",
        connectors=connector(pilot={"adc": "GPIO13"}),
    )
    one('"GPIO23"', "has no ADC", connectors=connector(pilot={"adc": "GPIO23"}), lights=None)
    one('"GPIO3"', "has no ADC", board="pico_w", connectors=connector(pilot={"adc": "GPIO3"}))


def test_wired_pins_are_for_their_part():
    one(
        'connectors[0].lock.pin is "GPIO27"',
        "wired to the contactor",
        board="smartevse_v3",
        connectors=connector(lock={"pin": "GPIO27"}),
    )
    lock = {"pin": "GPIO17", "pin_b": "GPIO18", "sense": "GPIO35"}
    made = plan("smartevse_v3", connectors=connector(lock=lock))
    assert made["connectors"][0]["lock"]["sense"] == 35


def test_pulls():
    one(
        "connectors[0].emergency.pull",
        "GPIO34 has no pull",
        connectors=connector(emergency={"pin": "GPIO34"}),
    )
    plan(connectors=connector(emergency={"pin": "GPIO34", "pull": "none"}))


def test_pwm_slices_of_the_rp2040():
    one(
        "buzzer.pin",
        "another PWM slice than that of connectors[0].pilot.pin",
        board="pico_w",
        buzzer={"pin": "GPIO17"},
    )
    plan("pico_w", buzzer={"pin": "GPIO14"})
    second = {"pilot": {"pin": "GPIO17", "adc": "GPIO27"}, "contactor": {"pin": "GPIO14"}}
    plan("pico_w", connectors=[{}, second])  # both 1 kHz
    second["pilot"]["pin"] = "GPIO0"
    found = problems("pico_w", connectors=[{"meter": None}, second])
    assert len(found) == 1 and "another PWM slice" in found[0], found


# -- buses --------------------------------------------------------------------------------------


def test_buses():
    one("connectors[0].meter.uart is 0", "1, 2", connectors=connector(meter={"uart": 0}))
    one("rfid.i2c is 1", ": 0", rfid={"driver": "pn532", "i2c": 1})
    one("uart.1.rx is missing", board="wt32_eth01", uart={"1": {"rx": None}})
    one('uart.1.tx is "GPIO9"', "flash", uart={"1": {"tx": "GPIO9"}})
    one("uart is 5", "an object", uart=5)


def test_buses_of_the_rp2040_are_at_certain_pins():
    one(
        'uart.0.tx is "GPIO3"',
        "GPIO0, GPIO12, GPIO16",
        board="pico_w",
        uart={"0": {"tx": "GPIO3"}},
    )
    one('i2c.0.sda is "GPIO7"', "GPIO4", board="pico_w", i2c={"0": {"sda": "GPIO7"}})


def test_who_may_share_a_uart():
    one(
        "rfid.uart is 1",
        "a bus for itself (connectors[0].meter.uart uses it)",
        rfid={"driver": "rdm6300", "uart": 1},
    )
    second = {
        "pilot": {"pin": "GPIO14", "adc": "GPIO39"},
        "contactor": {"pin": "GPIO13"},
        "meter": {"driver": "sdm630", "uart": 1},
    }
    one("connectors[1].meter.address is 1", "connectors[0].meter has", connectors=[{}, second])
    second["meter"] = {"driver": "sdm120", "uart": 1, "address": 2}
    one("connectors[1].meter.uart", "a bus for itself", connectors=[{}, second])  # 2400 Bd
    second["meter"]["baud"] = 9600
    plan(connectors=[{}, second])


# -- parts --------------------------------------------------------------------------------------


def test_unknown_names():
    one(
        "unknown key connectors[0].contactor.pni",
        'did you mean "pin"?',
        connectors=connector(contactor={"pin": "GPIO26", "pni": 1}),
    )
    one("unknown key connectors[0].contacter", '"contactor"', connectors=connector(contacter={}))
    one(
        'connectors[0].meter.driver is "sdm63"',
        'did you mean "sdm630"?',
        "pzem004t",
        connectors=connector(meter={"driver": "sdm63"}),
    )
    one("rfid.driver is null", "mfrc522, pn532", rfid={"i2c": 0, "driver": None})


def test_values():
    one("connectors[0].max_a is 80", "6 to 63", connectors=connector(max_a=80))
    one("connectors[0].phases is 2", "1, 3", connectors=connector(phases=2))
    one("contactor.active is true", "0, 1", connectors=connector(contactor={"active": True}))
    one("connectors[0].contactor is 26", "an object", connectors=connector(contactor=26))
    for curve in (
        [],
        [[1, 2]],
        [[100, 5], [90, 6]],
        [[1, "x"], [2, 3]],
        7,
        [[1, 2, 3], [4, 5, 6]],
    ):
        one("connectors[0].pilot.curve", "rising", connectors=connector(pilot={"curve": curve}))
    plan(connectors=connector(pilot={"curve": [[100, -12000], [2500, 12000]]}))


def test_what_belongs_together():
    one("connectors[0].contactor is null", connectors=connector(contactor=None))
    one("connectors[0].pilot is null", "load or foreign", connectors=connector(pilot=None))
    plan(connectors=connector(pilot=None, load={}))
    one("connectors[0].socket is true", "proximity", connectors=connector(socket=True))
    foreign = {"driver": "openevse", "uart": 2}
    one("connectors[0].pilot", "foreign", connectors=connector(foreign=foreign))
    plan(connectors=connector(foreign=foreign, pilot=None, contactor=None))
    for name, part in (("emergency", {"pin": "GPIO13"}), ("rcm", {"pin": "GPIO34"})):
        outlet = connector(foreign=foreign, pilot=None)
        outlet[0][name] = part
        one("connectors[0].%s is" % name, "nobody looks at it", connectors=outlet)
    one("connectors[0].load", "the car tells", connectors=connector(load={}))
    second = {"pin": "GPIO26", "second": "GPIO13"}
    plan(connectors=connector(contactor=second))
    one("contactor.second", "one phase", connectors=connector(contactor=second, phases=1))
    one("rfid is []", "i2c, uart", rfid={"driver": "pn532", "i2c": None})
    one(
        "lights is",
        "red, green or blue",
        lights={"driver": "leds", "red": None, "green": None, "blue": None},
    )


def test_whatever_it_may_be():
    """A composition with anything in any place is refused in words, or taken; nothing raises."""
    import json
    import random

    random.seed(5)
    odd = (
        None,
        True,
        0,
        -1,
        3.5,
        "",
        "GPIO4",
        "GPIO99",
        "x" * 90,
        [],
        [None],
        {},
        {"a": {}},
        1 << 40,
    )
    for name in ("esp32_evse", "pico_w", "relay_socket"):
        board = boardfile.board(name)
        chip = boardfile.chip(board["chip"])
        text = json.dumps(board["hardware"])
        for _ in range(150):
            config = json.loads(text)
            place = config
            while True:
                keys = list(place) if isinstance(place, dict) else list(range(len(place)))
                key = random.choice(keys)
                inside = place[key]
                if isinstance(inside, (dict, list)) and inside and random.getrandbits(2):
                    place = inside
                    continue
                place[key] = random.choice(odd)
                break
            made, wrong = composition.check(config, board, chip)
            assert made and all(["accepted: " in line for line in wrong]), wrong


def test_expander_is_for_lights_and_buttons():
    expander = {"driver": "pcf8574", "i2c": 0}
    lights = {"driver": "leds", "red": "X0", "green": None, "blue": None}
    made = plan(expander=expander, lights=lights)
    assert made["lights"]["red"] == "X0" and made["expander"]["address"] == 32
    one('lights.red is "X0"', "a pin of this board", lights=lights)
    one('"X8"', "a pin of this board", expander=expander, lights=dict(lights, red="X8"))
    plan(expander=dict(expander, driver="mcp23017"), lights=dict(lights, red="X8"))
    one('"X0"', expander=expander, lights=lights, button={"pin": "X0"})
    one('"X1"', expander=expander, connectors=connector(contactor={"pin": "X1"}))


def test_all_problems_at_once():
    found = problems(
        connectors=connector(contactor={"pin": "GPIO6"}, max_a=0, meter={"driver": "x"}),
        rfid={"driver": "pn532", "i2c": 9},
    )
    assert len(found) == 4, found


# -- board files --------------------------------------------------------------------------------


def test_board_files_with_errors():
    raises(boardfile.BoardError, boardfile.board, "nonesuch")
    import os

    from central import fresh_directory

    root = fresh_directory()
    os.mkdir(root + "/odd")
    sys.path.append(root)
    try:
        for text, words in (
            ("{", "can't be read"),
            ("[]", "not an object"),
            ('{"name": "other"}', "its name is 'other'"),
            ('{"name": "odd", "pinns": {}}', "unknown key pinns"),
            ('{"name": "odd", "pins": []}', "pins is not an object"),
            ('{"name": "odd"}', "chip or pins are missing"),
            ('{"name": "odd", "chip": "z80", "pins": {}}', None),
        ):
            with open(root + "/odd/board.json", "w") as file:
                file.write(text)
            assert "odd" in boardfile.names()
            if words:
                error = raises(boardfile.BoardError, boardfile.board, "odd")
                assert words in str(error), error
            else:
                error = raises(boardfile.BoardError, boardfile.chip, "z80")
                assert "chips/z80.json" in str(error)
    finally:
        sys.path.pop()


def test_the_firmware_refuses_what_the_check_refuses():
    import config

    data = {"board": "pico_w", "ocpp": {"url": "ws://x/", "id": "cp"}}
    data["connectors"] = connector(contactor={"pin": "GPIO99"})
    error = raises(config.ConfigError, config.check, data, ("pico_w",), None)
    assert 'connectors[0].contactor.pin is "GPIO99"' in str(error)
    assert list(error.lines) == [str(error)]
    data["connectors"] = connector()
    error = raises(config.ConfigError, config.check, data, (), None)
    assert 'board is "pico_w"; accepted: none' in str(error), error  # not a board in this build
    good = config.check(data, ("pico_w",), None)
    assert good["connectors"] == 1 and good["connector_lock"] is False
    assert good["charge_point"]["model"] == "Pico W" and "rfid" in good["hardware"]
