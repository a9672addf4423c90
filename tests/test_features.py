"""What a bundle leaves out: nothing that its configuration needs, and nothing without a word."""

import ast
import json
import re
import subprocess
import sys

import pytest
from mpunit import ROOT, micropython

sys.path.insert(0, str(ROOT / "tools"))

import bundle
import device
from charger_app import build
from device_app import features, tree

BOARD = "esp32_devkitc"
_BIG = 9 << 20  # a file system with a file for each module


def own(**parts):
    return {"connectors": [parts]}


def foreign(**part):
    return own(foreign=part, pilot=None, contactor=None, meter=None)


# name of `features.rows`: a configuration that asks for it
CASES = {
    "pilot": own(),
    "load": own(pilot=None, load={}),
    "lock": own(lock={"pin": "GPIO16"}),
    "rcm": own(rcm={"pin": "GPIO39", "test": "GPIO4"}),
    "proximity": own(proximity={"adc": "GPIO34"}),
    "s0": own(meter={"driver": "s0", "pin": "GPIO34", "pull": "none"}),
    "bl0937": own(meter={"driver": "bl0937", "cf": "GPIO34"}),
    "hlw8012": own(meter={"driver": "hlw8012", "cf": "GPIO34"}),
    "ntc": own(temperature={"driver": "ntc", "adc": "GPIO34"}),
    "ds18b20": own(temperature={"driver": "ds18b20", "pin": "GPIO4"}),
    "mcp9700": own(temperature={"driver": "mcp9700", "adc": "GPIO34"}),
    "openevse": foreign(driver="openevse", uart=2),
    "simpleevse": foreign(driver="simpleevse", uart=1),
    "phoenix_evcc": foreign(driver="phoenix_evcc", uart=1),
    "led": {"lights": {"driver": "led", "pin": "GPIO18"}},
    "leds": {"lights": {"driver": "leds", "red": "GPIO18"}},
    "neopixel": {"lights": {"driver": "neopixel", "pin": "GPIO18"}},
    "pcf8574": {
        "expander": {"driver": "pcf8574", "i2c": 0},
        "button": {"pin": "X7", "id_tag": "PUSH"},
    },
    "mcp23017": {
        "expander": {"driver": "mcp23017", "i2c": 0},
        "button": {"pin": "X7", "id_tag": "PUSH"},
    },
    "pn532": {"rfid": {"driver": "pn532", "i2c": 0}},
    "mfrc522": {"rfid": {"driver": "mfrc522", "spi": 1, "cs": "GPIO4"}},
    "rdm6300": {"rfid": {"driver": "rdm6300", "uart": 2}},
    "wiegand": {"rfid": {"driver": "wiegand", "d0": "GPIO4", "d1": "GPIO16"}},
    "ssd1306": {"display": {"driver": "ssd1306", "i2c": 0}},
    "button": {"button": {"pin": "GPIO4"}},
    "buzzer": {"buzzer": {"pin": "GPIO4"}},
    "lan8720": {"board": "wt32_eth01"},
    "console": {"console": {"password": "secret99"}},
    "b23": own(meter={"driver": "b23", "uart": 1}),
    "we517": own(meter={"driver": "we517", "uart": 1}),
}


def made(folder, config, **options):
    """Put the bundle of a configuration into `folder`; -> what is left out."""
    board = config.get("board", BOARD)
    told = {"ocpp": {"url": "ws://192.168.1.5/", "id": "cp1"}, "rfid": None, "lights": None}
    (folder / "my.json").write_text(json.dumps({**told, **config, "board": board}))
    files, left = tree.collected(board, folder / "my.json", _BIG, **options)
    for path, data in files.items():
        (folder / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (folder / path[1:]).write_bytes(data)
    return left


def booted(folder, board=BOARD):
    program = ROOT / "tests" / "integration" / "bundle_boot.py"
    chip = build.facts(board)["chip"]["name"]
    command = [micropython(), "-X", "heapsize=4M", program, folder, ROOT / "tests" / "fakes"]
    command = [str(word) for word in [*command, chip, board]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_what_a_part_needs_is_there(name, tmp_path):
    names = made(tmp_path, CASES[name])[0]
    assert name not in names and len(names) > 30
    found = booted(tmp_path, CASES[name].get("board", BOARD))
    assert not any("no module" in line for line in found["log"]), found
    assert not [e for e in found["errors"] if "module" in e[1] or e[3] == "Hardware"], found
    used = [m.replace("drivers.", "drivers/") for m in found["drivers"]]
    for module in features.rows()[name]:
        if name in ("pn532", "console") or module == "drivers/find":
            continue  # one of its three ways; only while somebody asks; for the prompt
        if module.startswith("drivers/") and module != "drivers/pulses":  # the chip counts itself
            assert module.replace("/meters/", "/meters.") in used, (module, used)


def test_every_driver_is_in_a_row_and_every_row_is_tried():
    """A driver in no row would always be there: bundles would grow."""
    program = (
        "import parts\n"
        "for kinds in list(parts.OF_CONNECTOR.values()) + list(parts.OF_STATION.values()):\n"
        "    print('\\n'.join(parts.drivers(kinds)))"
    )
    path = ":".join(str(ROOT / room) for room in ("lib", "firmware"))
    done = subprocess.run(
        [micropython(), "-c", program], capture_output=True, text=True, env={"MICROPYPATH": path}
    )
    drivers = set(done.stdout.split())
    rows = features.rows()
    assert len(drivers) > 40 and drivers <= set(rows), drivers - set(rows)
    tried = {tuple(modules) for name, modules in rows.items() if name in CASES}
    families = {tuple(m) for m in rows.values() if "drivers/meter" in m}  # made alike, of a table
    assert len(families) == 8 and {tuple(modules) for modules in rows.values()} - families <= tried
    found = build.sources(BOARD)
    imports = {module: features._imports(module, found) for module in found}
    for name, modules in rows.items():
        assert all(module in found for module in modules), name
    imported = {m for m in found if m.startswith("drivers/") and "__init__" not in m}
    reached = set()
    for modules in rows.values():
        reached |= features._reached(modules, imports)
    assert imported <= reached


def test_all_that_the_console_loads_by_name():
    api = (ROOT / "firmware" / "api.py").read_text()
    routes = (ROOT / "firmware" / "routes.py").read_text()
    named = set(re.findall(r'_borrowed\("(\w+)"', api)) | set(re.findall(r" (\w+)\.\w+ ", routes))
    assert {"views", "controls"} <= named
    assert named - set(tree.NOT_ON_CHIPS) <= set(features.rows()["console"])


def test_drivers_are_imported_where_the_table_says():
    """Whoever imports a driver without being a gate would have it in every bundle."""
    for name, path in build.sources(BOARD).items():
        if name in features.GATES or name.startswith("drivers/"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("drivers"):
                names = {node.module} | {alias.name for alias in node.names}
                assert names in ({"drivers", "meters"}, {"drivers.cards", "id_tag"}), name


def test_nothing_is_left_out_where_that_is_asked_for(tmp_path):
    assert made(tmp_path, {}, everything=True) == ([], 0, 0)
    files = tree.of(BOARD, tmp_path / "my.json", _BIG, everything=True)
    assert "/lib/ocpp/v2/dialect.mpy" in files and "/lib/drivers/s0.mpy" in files
    assert "without" not in json.loads(files["/lib/%s/board.json" % BOARD])
    assert tree.collected(BOARD, None, _BIG)[1] == ([], 0, 0)  # nobody knows what will be asked
    names, count, size = tree.collected(BOARD, None, 800000)[1]
    assert names == ["2.0.1", "2.1"] and count > 100 and size > 50000


def test_an_update_has_what_its_configuration_asks_for(tmp_path):
    made(tmp_path, {})
    lean = bundle.modules(BOARD, tmp_path / "my.json")[bundle.PACK]
    whole = bundle.modules(BOARD)[bundle.PACK]
    assert len(lean) < len(whole) * 4 // 5 and lean[:5] == b"ocppy"
    found = bundle.bundle({bundle.PACK: lean}, "1.2", BOARD)
    assert b'"files": 1' in found and found.endswith(lean)


@pytest.mark.parametrize(
    ("later", "line"),
    [
        (own(lock={"pin": "GPIO4"}), "connectors[0].lock is"),
        (own(meter={"driver": "s0", "pin": "GPIO34"}), 'connectors[0].meter.driver is "s0"'),
        ({"rfid": {"driver": "rdm6300", "uart": 2}}, 'rfid.driver is "rdm6300"'),
        ({"console": {"password": "secret99"}}, "console.enabled is true"),
        ({"ocpp": {"url": "ws://h/", "id": "x", "version": ["1.6", "2.0.1"]}}, "ocpp.version is"),
    ],
)
def test_a_configuration_that_asks_for_more_is_refused(later, line, tmp_path):
    made(tmp_path, {})
    path = tmp_path / "data" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **later}))
    refused = booted(tmp_path)["refused"]
    assert len(refused) == 1 and refused[0].startswith(line), refused
    assert "what this build has code for" in refused[0] or "has no code for it" in refused[0]


def test_the_tool_tells_what_is_left_out_and_what_is_wrong(tmp_path, capsys):
    path = tmp_path / "my.json"
    path.write_text(json.dumps({"ocpp": {"url": "ws://h/", "id": "x"}}))
    assert device.main(["tree", "pico_w", "--config", str(path)]) == 0
    out = capsys.readouterr().out
    assert re.search(r"left out, \d+ files, \d+ bytes: .*2\.0\.1.* mfrc522 ", out)
    assert "can't be updated without a cable" in out
    for board, words in (("esp32_devkitc", "room for one"), ("pico2_w", "there is room\n")):
        assert device.main(["tree", board]) == 0
        assert words in capsys.readouterr().out, board
    path.write_text(json.dumps({"ocpp": {"url": "ws://h/", "id": "x"}, "rfid": {"driver": "x"}}))
    assert device.main(["tree", "pico_w", "--config", str(path)]) == 2
    assert 'config: rfid.driver is "x"; accepted: ' in capsys.readouterr().err
