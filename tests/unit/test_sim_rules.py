import routes
from fields import checked
from rules import fits, nearest, words
from support import raises


def test_fits():
    for rule, good, bad in (
        (bool, (True, False), (0, 1, "true", None)),
        (list, ([], [1]), ({}, "", None)),
        (3, ("", "abc"), ("abcd", 1, None)),
        (-3, ("a", "abc"), ("", "abcd", 1)),
        (range(1, 4), (1, 3), (0, 4, 1.0, True, "1", None)),
        ([0, 5], (0, 5, 2.5), (-0.1, 5.1, True, "1", None, float("nan"), float("inf"))),
        (("a", "b"), ("a", "b"), ("c", None, 1)),
        ((1, 2), (1, 2), (3, 1.0, True, "1")),
        ((None, ("E", "F")), (None, "E"), ("A", "", 0)),
    ):
        for value in good:
            assert fits(value, rule), (value, rule)
        for value in bad:
            assert not fits(value, rule), (value, rule)
        assert words(rule)


def test_nearest():
    assert nearest("conectors", ("board", "connectors", "connector_lock")) == "connectors"
    assert nearest("URL", ("url", "id")) == "url"
    assert nearest("zzzzzzzz", ("url", "id")) is None


def check(method, path, body):
    return checked(body, routes.find(path)[method][1])


def test_paths():
    assert sorted(routes.find("connectors/N/fault")) == ["DELETE", "POST"]
    assert routes.find("status") == {"GET": ("status", ["-"])}
    for path in ("", "connectors/N", "connectors/1/plug", "nonsense", "POST", "fault"):
        assert routes.find(path) == {}, path


def test_bodies():
    for method, path, body in (
        ("POST", "connectors/N/plug", {}),
        ("POST", "connectors/N/plug", {"ev": "B", "current_a": 13.5, "phases": 1, "soc": 0}),
        ("POST", "connectors/N/ev", {"state": "D"}),
        ("POST", "connectors/N/fault", {"code": "CX008", "info": "x"}),
        ("DELETE", "connectors/N/fault", {}),
        ("POST", "connectors/N/pilot", {"state": None, "diode": True}),
        ("POST", "connectors/N/meter", {"energy_wh": 4294967296}),
        ("POST", "settings", {"Any.Name@1": None, "B": "2"}),
        ("POST", "rfid", {"idTag": "x" * 255, "connector": -1, "type": "ISO15693"}),
        ("POST", "auth_cache", {"idTag": "A", "expiry": "2026-11-21T03:00:00Z"}),
        ("POST", "auth_cache", {"idTag": "A", "expiry": None, "group": None, "group_type": "VIN"}),
        ("POST", "local_list", {"version": 3, "entries": []}),
        ("DELETE", "auth_cache", {}),
        ("POST", "reboot", {}),
    ):
        assert check(method, path, body) is body


def test_refused_bodies_name_the_field():
    for path, body, parts in (
        ("connectors/N/plug", {"ev": "A"}, ("ev", '"A"', '"B", "C", "D"')),
        ("connectors/N/plug", {"ev": None}, ("ev", "null")),
        ("connectors/N/plug", {"phases": True}, ("phases", "1, 2, 3")),
        ("connectors/N/plug", {"curent_a": 3}, ("curent_a", "current_a")),
        ("connectors/N/fault", {}, ("code", "missing")),
        ("connectors/N/fault", {"code": "NoError"}, ("code", "GroundFailure", "CX026")),
        ("connectors/N/fault", {"code": "OtherError", "info": "x" * 51}, ("info", "50")),
        ("connectors/N/lock", {}, ("jam", "missing")),
        ("connectors/N/meter", {"energy_wh": -1}, ("energy_wh", "-1")),
        ("connectors/N/pilot", {"state": "A"}, ("state", '"E", "F" or null')),
        ("rfid", {"idTag": ""}, ("idTag",)),
        ("rfid", {"idTag": "A", "type": "KeyCode"}, ("type", "ISO14443")),
        ("rfid", {"idTag": "A", "connector": 1.0}, ("connector", "integer")),
        ("settings", {"HeartbeatInterval": 10}, ("HeartbeatInterval", "10")),
        ("auth_cache", {"idTag": "A", "expiry": "soon"}, ("expiry", "time")),
        ("auth_cache", {"idTag": "A", "expiry": 5}, ("expiry", "5")),
        ("local_list", {"version": 1.5, "entries": []}, ("version",)),
        ("local_list", {"version": 1, "entries": {}}, ("entries", "list")),
        ("reboot", {"reason": "Whim"}, ("reason", "Watchdog")),
        ("reboot", {"reson": "Watchdog"}, ("reson", "reason")),
    ):
        text = str(raises(ValueError, check, "POST", path, body))
        for part in parts:
            assert part in text, text
