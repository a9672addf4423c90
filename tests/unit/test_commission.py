"""Set-up by page and by serial line: what comes in, and what becomes of it."""

import json
import os
import sys

import commission
import page
from support import raises
from talk import change

sys.path.append("boards")  # the data of boards, beside compiled code

_TOLD = {
    "ssid": "home",
    "wifi_password": "secret99",
    "url": "ws://csms.example/ocpp",
    "id": "cp7",
    "version": "2.0.1,1.6",
}


def folder():
    return os.getenv("TMPDIR")


def setup():
    for name in os.listdir(folder()):
        os.remove(folder() + "/" + name)


def there():
    try:
        with open(folder() + "/config.new") as file:
            return json.load(file)
    except OSError:
        return None


def test_a_form():
    body = b"ssid=My+Wi-Fi&url=wss%3A%2F%2Fx%2F%C3%A4&password="
    assert commission.fields(body) == {"ssid": "My Wi-Fi", "url": "wss://x/\u00e4", "password": ""}
    for bad in (
        b"",
        b"a",
        b"a=%zz",
        b"a=%",
        b"\xff=1",
        b"&".join([b"a%d=1" % n for n in range(30)]),
    ):
        raises(ValueError, commission.fields, bad)


def test_a_first_configuration():
    commission.apply(folder(), ("sim",), "sim", _TOLD)
    assert there() == {
        "board": "sim",
        "ocpp": {"url": "ws://csms.example/ocpp", "id": "cp7", "version": ["2.0.1", "1.6"]},
        "network": {"wifi": [{"ssid": "home", "password": "secret99"}]},
    }


def test_a_change_keeps_what_is_not_named():
    with open(folder() + "/config.json", "w") as file:
        json.dump(
            {
                "board": "sim",
                "ocpp": {"url": "ws://a/", "id": "cp1", "password": "0123456789abcdef"},
                "network": {"wifi": [{"ssid": "old", "password": "12345678"}], "ntp": "t.example"},
            },
            file,
        )
    commission.apply(
        folder(), ("sim",), "sim", {"ssid": "new", "url": "", "id": "cp2", "password": ""}
    )
    made = there()
    assert made["ocpp"] == {"url": "ws://a/", "id": "cp2", "password": "0123456789abcdef"}
    assert [n["ssid"] for n in made["network"]["wifi"]] == ["new", "old"]
    assert made["network"]["ntp"] == "t.example"
    commission.apply(folder(), ("sim",), "sim", {"ssid": "old", "wifi_password": "87654321"})
    networks = there()["network"]["wifi"]
    assert networks[0] == {"ssid": "old", "password": "87654321"} and len(networks) == 2


def test_the_rules_are_those_of_the_firmware():
    for told, word in (
        ({"id": "cp1"}, "ocpp.url is missing"),
        (dict(_TOLD, url="http://x/"), "ocpp.url"),
        (dict(_TOLD, version="1.7"), "ocpp.version"),
        (dict(_TOLD, security_profile="9"), "security_profile"),
        (dict(_TOLD, wifi_password="short"), "network.wifi[0].password"),
        (dict(_TOLD, nonsense="1"), "unknown field nonsense"),
        (dict(_TOLD, url=7), "not a text"),
    ):
        try:
            commission.apply(folder(), ("sim",), "sim", told)
            raise AssertionError(told)
        except (commission.ConfigError, ValueError) as e:
            assert word in str(e), str(e)
    assert there() is None
    assert "secret" not in str(
        raises(
            commission.ConfigError,
            commission.apply,
            folder(),
            ("sim",),
            "sim",
            dict(_TOLD, id=":" * 60),
        )
    )


def test_by_serial_line():
    lines = list(change(folder(), "sim", "set", json.dumps(_TOLD)))
    assert lines == ["= ok: counts from the next start"]
    assert there()["ocpp"]["id"] == "cp7"
    for how, text, word in (
        ("set", "nonsense", "not a JSON object"),
        ("set", '{"url": "x"}', "ocpp.url"),
        ("config", "[]", "not an object"),
        ("config", '{"a": 1,}', "not JSON"),
        ("config", '{"ocpp": {"url": "ws://x/", "id": "a", "idd": 1}}', 'did you mean "id"'),
    ):
        (line,) = list(change(folder(), "sim", how, text))
        assert line.startswith("= error: ") and word in line, line
    whole = {"board": "sim", "ocpp": {"url": "ws://x/", "id": "b"}}
    assert list(change(folder(), "sim", "config", json.dumps(whole)))[0].startswith("= ok")
    assert there() == whole


def test_the_page_shows_what_there_is_and_no_secret():
    data = {
        "ocpp": {
            "url": 'ws://"<x>"/',
            "id": "cp&1",
            "version": ["2.0.1", "1.6"],
            "password": "pw1",
        },
        "network": {"wifi": [{"ssid": "home", "password": "secret99"}]},
    }
    shown = page.page(data, "<b>bad</b>")
    assert "ws://&quot;&lt;x&gt;&quot;/" in shown and 'value="cp&amp;1"' in shown
    assert "&lt;b&gt;bad" in shown and "<option selected>2.0.1,1.6" in shown
    assert "secret99" not in shown and "pw1" not in shown
    assert "<form" in page.page({"ocpp": 1, "network": []}, "")
