# marks: slow
# timeout: 120
"""State files whose checksum is right and whose value is nonsense: each costs its own content at
most; the station boots, keeps its outputs off, and charges."""

import json
import os

from central import Setup

from ocpp import records
from ocpp.log import log
from ocpp.store import Store

VALUES = (
    None,
    False,
    True,
    0,
    5,
    -1,
    2**70,
    1.5,
    1e300,
    "",
    "x",
    "x" * 300,
    "\x00\u20ac",
    [],
    {},
    [None],
    [[]],
    [[[[]]], {"a": {}}],
    [0.5, "1", None, {}, []],
    [1, 2, 3],
    {"": None},
    {"a": []},
    {"tag1": []},
    {"tag1": [1, 2, 3, 4]},
    {"tag1": ["Accepted", 5, "soon", "old"]},
    {"tag1": [["Accepted"], {}, None, 1]},
    {"tag1": [None, None, None, None]},
    {"tag1": {"status": "Accepted"}, "TAG1": None},
    {"HeartbeatInterval": 5},
    {"HeartbeatInterval": "-5", "ConnectionTimeOut": "soon"},
    {"HeartbeatInterval": [], "MeterValuesSampledData": {}, "AuthorizationKey": 7},
    {"MeterValuesSampledData": "Nonsense,Voltage", "NumberOfConnectors": "99"},
    {"SecurityProfile": "7", "OnPowerLoss": "maybe", "TransactionMessageAttempts": "-1"},
    [[], [1], [1, 2, 3, 4, 5, 6], ["1", 1, "TAG9", None, 9999999999, 60]],
    [[1, 1, "TAG9", None, "x", None], [1, 99, "TAG9", None, 9999999999, 60]],
    {"bad": 5, "good": "x", "tries": [], "seen": 3, "profile": {}},
)
CACHE = ["cache%d" % n for n in range(8)]
FILES = ["settings", "availability", "boot", "transactions", "reservations", "security"]
FILES += ["cp1", "cp2"] + CACHE


def spoil(s, names, value):
    """Put `value` into files of the station's store, as if it had written it."""
    store = Store(s.root + "/state")
    for name in names:
        store.remove(name)
        assert store.save(name, value)


def set_format(number):
    """The format that this firmware has, until what it uses is loaded anew."""
    from ocpp import statefiles

    statefiles.FORMAT = number


def check(s, names, value, version="1.6", charge=True):
    spoil(s, names, value)
    config = {"ocpp": {"url": "ws://x/", "id": "cp", "version": version}}
    s = s.restart(config=config, online=False)
    for c in s.station.connectors:
        assert not c.charging_permitted and not c.lock_wanted
    s.station.connectors[0].operative = s.station.operative = True  # [0], [1] turn them off
    s.connection.connect("ocpp" + version)
    s.run(1500, 50)
    assert s.station.registration.accepted and not s.station.errors, s.station.errors
    if not charge:
        return s
    s.plug()
    s.run(200, 50)
    s.station.present("TAG1", 1)
    s.run(1500, 50)
    assert s.c.tx and s.c.charging_permitted
    s.station.present("TAG1")
    s.run(1500, 50)
    s.unplug()
    s.run(500, 50)
    assert not s.c.tx and s.station.log.pending() == 0 and not s.station.errors
    return s


def test_nonsense_of_every_shape_in_every_file():
    log.sink = lambda level, line: None
    s = Setup()
    s.run(500, 50)
    for n, value in enumerate(VALUES):
        try:
            s = check(s, FILES, value, charge=n % 3 == 0 or isinstance(value, dict))
        except Exception as e:
            print(repr(value))
            raise e


def test_nonsense_under_2x():
    log.sink = lambda level, line: None
    s = Setup()
    for value in [v for n, v in enumerate(VALUES) if n % 3 == 0]:
        s = check(s, FILES, value, "2.0.1")
        with open(s.root + "/state/transactions") as f:
            f.readline()
            prefix = json.loads(f.read())
        assert len(prefix) == 12 and int(prefix, 16) >= 0, prefix


def test_the_number_of_the_boot_never_goes_back():
    log.sink = lambda level, line: None
    for value in VALUES:
        s = Setup()
        before = s.clock.boot
        spoil(s, ["boot"], value)
        s = s.restart()
        assert isinstance(s.clock.boot, int) and s.clock.boot > before, (value, s.clock.boot)


def test_nobody_charges_on_a_nonsense_entry_of_the_cache():
    log.sink = lambda level, line: None
    s = Setup(settings={"AuthorizationCacheEnabled": "true"}, online=False)
    for value in VALUES:
        spoil(s, CACHE, value)
        s = s.restart(online=False)
        s.plug()
        s.run(300)
        s.station.present("TAG1", 1)
        s.run(1500, 50)
        assert not s.c.tx and not s.c.charging_permitted, value


def test_records_of_the_log_that_are_none():
    """Their checksum is right; what is wrong with them is counted, and the rest is told."""
    log.sink = lambda level, line: None
    odd = [None, "", [], {}, True, 1.5, -1, 2**40, "1-1", [[]], {"wh": "x"}]
    for kind in range(14):
        s = Setup(online=False)
        s.station.append(4, None, {"connector": 1, "values": []})
        raw = b""
        for n, value in enumerate(odd):
            raw += records.pack([kind, 100 + n, 1, value, 0, 1795230000, value])
            raw += records.pack([kind, 200 + n, 1, "1-9", value, value, {"connector": value}])
            raw += records.pack([kind, value, value, "1-9", value, value, value])
            raw += records.pack([value, 300 + n, 1, "1-9"])
            raw += records.pack([kind])
        records.append(s.root + "/log/tail", raw)
        s = s.restart()
        for c in s.station.connectors:
            assert not c.charging_permitted
        s.run(8000, 100)
        assert s.station.registration.accepted
        assert not [e for e in s.station.errors if e.vendor_code == "Firmware"], kind
        s.charge(tag="TAG1")
        s.station.present("TAG1")
        s.run(1500, 50)
        assert not s.c.tx


def test_a_newer_format_is_kept_and_said_so():
    """Downgrade: what later firmware has written is neither read nor lost, and comes back."""
    lines = []
    log.sink = lambda level, line: lines.append(line)
    s = Setup()
    s.run(500, 50)
    for key, value in (("HeartbeatInterval", "77"), ("ConnectionTimeOut", "41")):
        assert s.ask("ChangeConfiguration", {"key": key, "value": value})["status"] == "Accepted"
    path = s.root + "/state/settings"
    set_format(2)
    try:
        later = Store(s.root + "/state")
        kept = later.load("settings") or {"HeartbeatInterval": "77", "ConnectionTimeOut": "41"}
        kept["ConnectionTimeOut"] = "99"
        assert later.save("settings", kept)
    finally:
        set_format(1)
    with open(path, "rb") as f:
        written = f.read()
    assert written.startswith(b"ocppy2 ")
    s = s.restart()
    s.run(1500, 50)
    status = s.station.ocpp_status()
    assert status["newer"] == ["settings"] and s.station.store.damaged == []
    assert [e.info for e in s.station.errors] == ["of newer firmware, kept: settings"]
    assert any("newer format" in line and "settings" in line for line in lines), lines
    # The version before that one is of a format it knows.
    assert s.station.settings.text("ConnectionTimeOut") == "60"
    with open(path, "rb") as f:
        assert f.read() == written
    answer = s.ask("ChangeConfiguration", {"key": "ConnectionTimeOut", "value": "50"})
    assert answer == {"status": "Accepted"}
    with open(path + ".v2", "rb") as f:
        assert f.read() == written
    s = s.restart()
    s.run(500, 50)
    assert s.station.settings.text("ConnectionTimeOut") == "50"
    assert s.station.ocpp_status()["newer"] == []
    os.remove(path)
    if "settings.bak" in os.listdir(s.root + "/state"):
        os.remove(path + ".bak")
    set_format(2)
    try:
        assert Store(s.root + "/state").load("settings") == kept
    finally:
        set_format(1)
