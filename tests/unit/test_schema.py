import gc
import json
import sys

from support import raises

from ocpp.schema import Violation, check, code2, code16, load, module_name

_INNER = (b"1,limit:M,startPeriod:i,",)
# Every letter of the language, by hand, so that the checker is judged without the generator.
_ALL = (
    b"2+,id:I,any:x,uri:u,list:a0-s1,when:d,flag:b,level:n4,whole:j2,limits:a13o5,status:E6,",
    5,
    (0, 100),
    2,
    (None, 9.5),
    _INNER,
    b"|On|Off|On.Hold|",
)


def wrong(payload, schema=_ALL, lenient=False):
    """(kind, path) of the violation, None if there is none."""
    try:
        check(schema, payload, lenient)
    except Violation as e:
        assert e.args[0] == e.kind
        return e.kind, e.path


def field(name, value, lenient=False):
    """The same for a payload that is right but for one field."""
    payload = {"id": 1, "status": "On"}
    payload[name] = value
    return wrong(payload, lenient=lenient)


def test_right_payloads():
    assert wrong({"id": 1, "status": "On"}) is None
    assert wrong({
        "id": -(1 << 70), "status": "On.Hold", "any": [None, {"a": 1}], "uri": "ftp://h/f",
        "list": ["", "12345"], "when": "2026-11-21T03:00:00.5+01:00", "flag": False, "level": -1.5,
        "whole": 100, "limits": [{"limit": 21.4}, {"limit": 0, "startPeriod": 5}],
        "customData": {"vendorId": "org.example", "more": {"x": [1]}},
    }) is None  # fmt: skip


def test_payload_is_an_object():
    for value in (None, True, 5, 1.5, "x", "", [], ["id"]):
        assert wrong(value) == ("payload", ""), value


def test_missing():
    assert wrong({"id": 1}) == ("missing", "status")
    assert wrong({"status": "On"}) == ("missing", "id")
    assert wrong({}) == ("missing", "id")
    assert field("limits", [{"limit": 1}, {}]) == ("missing", "limits[1].limit")


def test_extra():
    for name in ("Id", "i", "d", "", "lis", "imits", "I", "ünï", "x:y"):
        assert field(name, 1) == ("extra", name), name
    assert field("limits", [{"limit": 1, "unit": "A"}]) == ("extra", "limits[0].unit")


def test_extra_that_resembles_the_schema():
    """No part of a schema's text passes as a field."""
    text = _ALL[0].decode()
    names = [f.split(":")[0] for f in text.split(",")[1:-1]]
    for a in range(len(text)):
        for b in range(a, len(text) + 1):
            if text[a:b] not in names:
                assert field(text[a:b], 1) == ("extra", text[a:b]), text[a:b]


def test_enum_that_resembles_the_schema():
    text = _ALL[6].decode()
    for a in range(len(text)):
        for b in range(a, len(text) + 1):
            wanted = None if text[a:b] in ("On", "Off", "On.Hold") else ("enum", "status")
            assert field("status", text[a:b]) == wanted, text[a:b]


def test_types():
    kinds = {
        "id": "n", "flag": "b", "level": "n", "whole": "n", "status": "s", "uri": "s", "when": "s",
        "list": "a", "limits": "a", "customData": "o",
    }  # fmt: skip
    for name, kind in kinds.items():
        for value, its in ((None, ""), (True, "b"), ("x", "s"), ([], "a"), ({}, "o"), (7, "n")):
            if its != kind:
                assert field(name, value) == ("type", name), (name, value)
    assert field("list", [5]) == ("type", "list[0]")
    assert field("limits", [{"limit": 1}, "x"]) == ("type", "limits[1]")
    assert field("limits", [{"limit": "1"}]) == ("type", "limits[0].limit")


def test_lengths_are_characters():
    assert field("list", ["123456"]) == ("length", "list[0]")
    assert field("list", ["äöüß€"]) is None
    assert field("list", ["äöüß€x"]) == ("length", "list[0]")


def test_items():
    one = {"limit": 1}
    assert field("limits", []) == ("items", "limits")
    assert field("limits", [one] * 2) is None
    assert field("limits", [one] * 3) == ("items", "limits")
    assert field("list", []) is None
    assert field("list", ["x"] * 500) is None


def test_numbers():
    assert field("id", 1.0) == ("type", "id")  # draft-04
    assert field("whole", 1.5) == ("type", "whole")
    assert field("whole", -1) == field("whole", 101) == ("range", "whole")
    assert field("whole", 101.0) == ("range", "whole")
    assert field("level", 9.5) is None
    assert field("level", 9.6) == field("level", 10) == ("range", "level")


def test_whole_floats_become_ints():
    payload = {"id": 1, "status": "On", "whole": 7.0}
    check(_ALL, payload)
    assert type(payload["whole"]) is int and payload["whole"] == 7


def test_tenths():
    """Every tenth up to 1000 as JSON has it, and nothing between them."""
    for n in range(-200, 10001):
        text = "%s%d.%d" % ("-" if n < 0 else "", abs(n) // 10, abs(n) % 10)
        assert field("limits", [{"limit": json.loads(text)}]) is None, text
        text += "3"
        assert field("limits", [{"limit": json.loads(text)}]) == ("range", "limits[0].limit"), text
    for text in ("99999.9", "1e300", "22080.0", "-0.0", "1234567.8"):
        assert field("limits", [{"limit": json.loads(text)}]) is None, text


def test_numbers_beyond_floats():
    for value in (json.loads("1e999"), json.loads("-1e999"), float("nan")):
        assert field("level", value) == ("range", "level")
        assert field("limits", [{"limit": value}]) == ("range", "limits[0].limit")
        assert field("id", value) == ("type", "id")
        assert field("whole", value) == ("type", "whole")


def test_date_time():
    for text in ("2026-11-21T03:00:00Z", "2026-11-21T03:00:00.876446300Z", "2026-11-21T03:00:00"):
        assert field("when", text) is None, text
    for text in ("", "now", "2026-11-21", "2026-02-30T00:00:00Z", "20261121T030000Z", "é" * 20):
        assert field("when", text) == ("format", "when"), text


def test_uri():
    for text in ("ftp://user:pw@host/dir", "https://h", "urn:x", "a+b-c.d1:x", "HTTP://x"):
        assert field("uri", text) is None, text
    for text in ("", ":", "http:", "/a:b", "1a:b", "a b:c", "http://a b", "é:x", "host/dir:x"):
        assert field("uri", text) == ("format", "uri"), text


def test_custom_data():
    assert field("customData", {}) == ("missing", "customData.vendorId")
    assert field("customData", {"vendorId": 5}) == ("type", "customData.vendorId")
    assert field("customData", {"vendorId": "x" * 256}) == ("length", "customData.vendorId")
    assert field("customData", {"vendorId": "x" * 255, "": None, "a,b": []}) is None
    assert wrong({"customData": {"vendorId": "x"}}, (b"0,",)) == ("extra", "customData")


def test_lenient():
    assert field("extra", 1, lenient=True) is None
    assert field("", None, lenient=True) is None
    for name in ("when", "flag", "limits", "customData"):
        assert field(name, None, lenient=True) is None, name
    assert field("status", None, lenient=True) == ("type", "status")
    assert field("when", "x", lenient=True) == ("format", "when")
    nested = [{"limit": 1, "startPeriod": None, "more": 1}]
    assert field("limits", nested, lenient=True) is None
    assert field("limits", nested) in (
        ("type", "limits[0].startPeriod"),
        ("extra", "limits[0].more"),
    )
    assert wrong({}, lenient=True) == ("missing", "id")
    assert wrong(None, lenient=True) == ("payload", "")


def test_deep_values_are_not_walked():
    deep = []
    for _ in range(5000):
        deep = [deep]
    assert field("any", deep) is None
    assert field("extra", deep) == ("extra", "extra")
    assert field("list", deep) == ("type", "list[0]")
    assert field("customData", {"vendorId": "x", "deep": deep}) is None


def test_codes():
    kinds = ("payload", "extra", "missing", "items", "type", "enum", "length", "range", "format")
    codes = {
        "FormationViolation": 2, "OccurenceConstraintViolation": 2, "TypeConstraintViolation": 1,
        "PropertyConstraintViolation": 4,
    }  # fmt: skip
    for code in [code16(kind) for kind in kinds]:
        codes[code] -= 1
    assert set(codes.values()) == {0}, codes
    for kind in kinds:
        wanted = code16(kind).replace("Formation", "Format").replace("Occurence", "Occurrence")
        assert code2(kind) == wanted, kind


def test_module_names():
    for action, name in (
        ("Reset", "reset"),
        ("ChangeAvailability", "change_availability"),
        ("NotifyEVChargingNeeds", "notify_ev_charging_needs"),
        ("Get15118EVCertificate", "get15118_ev_certificate"),
    ):
        assert module_name(action) == name


def test_unknown_actions_load_nothing():
    before = set(sys.modules)
    for action in ("", "Foo", "reset", "Reset|GetLog", "|Reset", "../reset", "__init__", "Reset."):
        assert load("ocpp.v16.schema", action) is None, action
    assert load("ocpp.v16.schema", "TransactionEvent") is None
    assert load("ocpp.v2.schema", "StartTransaction") is None
    assert not [m for m in set(sys.modules) - before if not m.endswith(("v16", "v2", "schema"))]


def test_every_action_loads():
    for package, number in (("ocpp.v16.schema", 39), ("ocpp.v2.schema", 64)):
        actions = __import__(package, None, None, ("ACTIONS",)).ACTIONS.decode().split("|")[1:-1]
        assert len(actions) == number, len(actions)
        for action in actions:
            module = load(package, action)
            for schema in (module.REQ, module.CONF):
                error = raises(Violation, check, schema, {"nobody knows me": 1})
                assert error.kind == "extra", action


def test_real_messages():
    boot = load("ocpp.v16.schema", "BootNotification").CONF
    right = {"status": "Accepted", "interval": 300, "currentTime": "2026-11-21T03:00:00Z"}
    assert wrong(right, boot) is None
    assert wrong(dict(right, status="accepted"), boot) == ("enum", "status")
    meter = load("ocpp.v16.schema", "MeterValues").REQ
    value = {"value": "5", "measurand": "Energy.Active.Import.Register", "unit": "W"}
    sample = {"timestamp": "2026-11-21T03:00:00Z", "sampledValue": [value]}
    payload = {"connectorId": 1, "meterValue": [sample]}
    assert wrong(payload, meter) is None
    value["unit"] = "Hz"
    assert wrong(payload, meter) == ("enum", "meterValue[0].sampledValue[0].unit")


def test_a_check_leaves_nothing_behind():
    schema = load("ocpp.v16.schema", "StatusNotification").REQ
    payload = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
    hostile = [{"k%d" % i: i} for i in range(100)]
    for p in [payload] + hostile:
        wrong(p, schema)
    gc.collect()
    before = gc.mem_alloc()
    for p in [payload] + hostile:
        wrong(p, schema)
    gc.collect()
    assert gc.mem_alloc() <= before, gc.mem_alloc() - before
