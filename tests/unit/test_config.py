import json

import config
from support import raises

_OCPP = {"url": "ws://127.0.0.1:9000/", "id": "cp001"}
_EXAMPLE = """{
  "board": "sim", "connectors": 2, "connector_lock": true,
  "charge_point": {"vendor": "ocppy", "model": "Sim", "serial": "0001", "box_serial": "B1",
    "firmware": "1.0.0", "meter_type": "sim", "meter_serial": "M1", "iccid": "", "imsi": ""},
  "ocpp": {"url": "ws://127.0.0.1:9000/", "id": "cp001", "version": "1.6",
    "security_profile": 0, "password": "",
    "ca_file": "ca.pem", "cert_file": "cp.pem", "key_file": "cp.key", "tls_name": "csms.example",
    "certificates": {"CSMSRootCertificate": [], "ManufacturerRootCertificate": ["mf.pem"],
                     "V2GRootCertificate": [], "MORootCertificate": []}},
  "settings": {"HeartbeatInterval": "300", "TxCtrlr.TxStartPoint": "PowerPathClosed"}
}"""


def check(data, files=()):
    return config.check(data, ("sim",), lambda path: path in files)


def error(data, *parts):
    """The configuration is refused with one line that has all `parts` in it."""
    text = str(raises(config.ConfigError, check, data))
    assert "\n" not in text
    for part in parts:
        assert part in text, text
    return text


def with_ocpp(**more):
    ocpp = dict(_OCPP)
    ocpp.update(more)
    return {"ocpp": ocpp}


def test_smallest():
    found = check({"ocpp": _OCPP})
    assert found["board"] == "sim" and found["connectors"] == 1
    assert found["connector_lock"] is True and found["any_firmware"] is False
    assert found["settings"] == {}
    assert found["charge_point"]["vendor"] == "ocppy"
    assert found["ocpp"]["version"] == ["1.6"] and found["ocpp"]["security_profile"] == 0


def test_full_example_keeps_its_values():
    data = json.loads(_EXAMPLE)
    found = check(data)
    for key in data:
        if key != "ocpp":
            assert found[key] == data[key], key
    for key in data["ocpp"]:
        expected = ["1.6"] if key == "version" else data["ocpp"][key]
        assert found["ocpp"][key] == expected, key


def test_defaults_are_not_shared():
    first = check({"ocpp": _OCPP})
    first["charge_point"]["vendor"] = "changed"
    first["settings"]["x"] = "y"
    second = check({"ocpp": _OCPP})
    assert second["charge_point"]["vendor"] == "ocppy" and second["settings"] == {}


def test_unknown_keys():
    error({"ocpp": _OCPP, "conectors": 2}, "conectors", "2", '"connectors"', "accepted")
    error(with_ocpp(vresion="1.6"), "ocpp.vresion", '"1.6"', '"version"')
    error({"ocpp": _OCPP, "charge_point": {"vendr": "x"}}, "charge_point.vendr", '"vendor"')
    error(with_ocpp(certificates={"CsmsRoot": []}), "ocpp.certificates.CsmsRoot", "accepted")


def test_missing_keys():
    error({}, "ocpp", "missing")
    error({"ocpp": {"url": "ws://x/"}}, "ocpp.id", "missing", "accepted")
    error({"ocpp": {"id": "x"}}, "ocpp.url", "missing", "accepted")
    error([], "object")


def test_types_and_ranges():
    error({"ocpp": _OCPP, "connectors": 0}, "connectors", "0", "1 to 16")
    error({"ocpp": _OCPP, "connectors": 17}, "connectors", "17")
    error({"ocpp": _OCPP, "connectors": True}, "connectors", "true")
    error({"ocpp": _OCPP, "connectors": 1.5}, "connectors", "1.5")
    error({"ocpp": _OCPP, "connectors": [{}]}, "connectors", "[{}]")
    error({"ocpp": _OCPP, "connector_lock": 1}, "connector_lock", "1", "true or false")
    error({"ocpp": _OCPP, "any_firmware": "no"}, "any_firmware", '"no"')
    error({"ocpp": _OCPP, "charge_point": "x"}, "charge_point", "an object")
    error({"ocpp": _OCPP, "charge_point": {"model": ""}}, "charge_point.model", '""')
    error({"ocpp": _OCPP, "charge_point": {"model": "x" * 21}}, "charge_point.model", "20")
    error({"ocpp": _OCPP, "board": "esp"}, "board", '"esp"', '"sim"')
    error(
        {"ocpp": _OCPP, "settings": {"HeartbeatInterval": 300}},
        "HeartbeatInterval",
        "300",
        "a string",
    )


def test_version():
    assert check(with_ocpp(version=["2.0.1", "1.6"]))["ocpp"]["version"] == ["2.0.1", "1.6"]
    assert check(with_ocpp(version=["2.1", "1.6"]))["ocpp"]["version"] == ["2.1", "1.6"]
    error(with_ocpp(version="2.1"), "ocpp.version", '"2.1"', '"2.0.1"')
    for bad in ("1.5", [], ["1.6", "1.6"], [1.6], 1.6, None, {}):
        error(with_ocpp(version=bad), "ocpp.version", json.dumps(bad), '"2.0.1"')


def test_url():
    for good in ("ws://h", "wss://h:443/a/b", "ws://[::1]:9000/x", "ws://h/?a=b"):
        assert check(with_ocpp(url=good))["ocpp"]["url"] == good
    for bad in (
        "",
        "http://h/",
        "ws://",
        "ws://h:0/",
        "ws://h:99999/",
        "ws://h:x/",
        "ws://a b/",
        "ws://h/#x",
    ):
        error(with_ocpp(url=bad), "ocpp.url", json.dumps(bad), "accepted")


def test_security_profiles():
    error(with_ocpp(security_profile=4), "ocpp.security_profile", "4", "0, 1, 2, 3")
    error(with_ocpp(security_profile=2, ca_file="ca.pem"), "ocpp.url", "wss://")
    safe = {"url": "wss://h/", "ca_file": "ca.pem", "cert_file": "cp.pem", "key_file": "cp.key"}
    error(with_ocpp(security_profile=2, url="wss://h/"), "ocpp.ca_file", "missing")
    error(
        with_ocpp(security_profile=2, url="wss://h/", ca_file="ca.pem"),
        "ocpp.ca_file",
        '"ca.pem"',
        "existing",
    )
    data = with_ocpp(security_profile=3, **safe)
    error(data, "ocpp.ca_file")
    text = str(raises(config.ConfigError, check, data, ("ca.pem", "cp.pem")))
    assert "ocpp.key_file" in text
    assert check(data, ("ca.pem", "cp.pem", "cp.key"))["ocpp"]["security_profile"] == 3
    assert (
        check(with_ocpp(security_profile=2, **safe), ("ca.pem",))["ocpp"]["security_profile"] == 2
    )


def test_root_certificate_may_be_in_the_list():
    data = with_ocpp(
        security_profile=2, url="wss://h/", certificates={"CSMSRootCertificate": ["a.pem"]}
    )
    assert check(data)["ocpp"]["certificates"] == {"CSMSRootCertificate": ["a.pem"]}


def test_identity():
    error(with_ocpp(id="x" * 49), "ocpp.id", "48")
    error(with_ocpp(id="a\nb"), "ocpp.id")
    error(with_ocpp(id="a:b", security_profile=1), "ocpp.id", "colon")
    assert check(with_ocpp(id="a:b"))["ocpp"]["id"] == "a:b"


def test_vendor_is_shorter_under_1_6():
    long = "v" * 21
    error({"ocpp": _OCPP, "charge_point": {"vendor": long}}, "charge_point.vendor", "20")
    data = with_ocpp(version="2.0.1")
    data["charge_point"] = {"vendor": long}
    assert check(data)["charge_point"]["vendor"] == long


def test_secrets_are_not_shown():
    text = error(with_ocpp(password="s" * 65), "ocpp.password")
    assert "sss" not in text
    error(with_ocpp(password=12345678), "ocpp.password", "***")


def test_warnings():
    found = check(json.loads(_EXAMPLE))
    lines = list(config.warnings(found, lambda path: path == "ca.pem"))
    assert len(lines) == 3 and any("mf.pem" in line for line in lines), lines
    found = check(with_ocpp(security_profile=1))
    assert "password" in next(config.warnings(found, lambda path: True))
    assert list(config.warnings(check({"ocpp": _OCPP}), lambda path: False)) == []


def test_network():
    found = check({"ocpp": _OCPP})["network"]
    assert found == {"wifi": [], "hostname": "", "country": "", "ntp": ""}
    wifi = [{"ssid": "home", "password": "secret99"}, {"ssid": "open"}]
    found = check({"ocpp": _OCPP, "network": {"wifi": wifi, "country": "DE"}})["network"]
    assert found["wifi"] == [wifi[0], {"ssid": "open", "password": ""}]
    for network, parts in (
        ({"wify": []}, ("network.wify", '"wifi"')),
        ({"wifi": {}}, ("network.wifi", "a list")),
        ({"wifi": ["home"]}, ("network.wifi[0]", "an object")),
        ({"wifi": [{"password": "secret99"}]}, ("network.wifi[0].ssid",)),
        ({"wifi": [{"ssid": "a", "password": "short"}]}, ("***", "8 to 63 characters")),
        ({"wifi": [{"ssid": "a"}] * 9}, ("at most 8",)),
        ({"wifi": [{"ssid": "x" * 33}]}, ("1 to 32 characters",)),
        ({"country": "Germany"}, ("network.country",)),
        ({"country": "D1"}, ("two letters",)),
    ):
        error({"ocpp": _OCPP, "network": network}, *parts)
