"""Every configuration key of OCPP 1.6 §9.1, as the central system and the owner see it."""

import json

import pytest
from clients import ApiError
from core16 import change, make, sent, setting, wait_booted
from ocpp_link import CallError

pytestmark = pytest.mark.slow

MOST = "2147483647"
BOOL = (("true", "false", "TRUE", "False"), ("", "1", "0", "yes", "on", " true", "tru", "null"))
NOT_INTEGERS = ("", "-1", "abc", "1.5", "1e3", "0x10", "5 s", "99999999999", "2147483648")


def whole(*good, bad=()):
    return good, NOT_INTEGERS + tuple(bad)


MEASURANDS = (
    (
        "Energy.Active.Import.Register",
        "Energy.Active.Import.Register,Power.Active.Import,Voltage",
        "Current.Import",
        "Current.Import.L1",
    ),
    (
        "Energy",
        "Nonsense.Measurand",
        "Energy.Active.Import.Register,,Voltage",
        "Energy.Active.Import.Register;Voltage",
        "Voltage.L9",
        "Energy.Active.Import.Register,RPM",  # known to OCPP, not measured here
    ),
)
# Key -> values that are taken and given back, values that are rejected
WRITABLE = {
    "AllowOfflineTxForUnknownId": BOOL,
    "AuthorizationCacheEnabled": BOOL,
    "AuthorizeRemoteTxRequests": BOOL,
    "BlinkRepeat": whole("0", "5"),
    "ClockAlignedDataInterval": whole("0", "900", "86400"),
    "ConnectionTimeOut": whole("0", "1", "120", MOST),
    "ConnectorPhaseRotation": (
        ("0.RST,1.RST,2.RTS", "1.NotApplicable,2.Unknown", "1.SRT,2.STR", "1.TRS", "2.TSR"),
        ("1.XYZ", "RST", "1", "1.", ".RST", "3.RST", "-1.RST", "1.rst.2"),
    ),
    "HeartbeatInterval": whole("1", "300", "86400", MOST),
    "LightIntensity": whole("0", "50", "100", bad=("101",)),
    "LocalAuthorizeOffline": BOOL,
    "LocalPreAuthorize": BOOL,
    "MaxEnergyOnInvalidId": whole("0", "500", MOST),
    "MessageTimeout": whole("1", "30", "120", bad=("0",)),
    "MeterValueSampleInterval": whole("0", "1", "60", MOST),
    "MeterValuesAlignedData": MEASURANDS,
    "MeterValuesSampledData": MEASURANDS,
    "MinimumStatusDuration": whole("0", "5", MOST, "0"),
    "ResetRetries": whole("0", "3"),
    "StopTransactionOnEVSideDisconnect": BOOL,
    "StopTransactionOnInvalidId": BOOL,
    "StopTxnAlignedData": (MEASURANDS[0] + ("",), MEASURANDS[1]),
    "StopTxnSampledData": (MEASURANDS[0] + ("",), MEASURANDS[1]),
    "TransactionMessageAttempts": whole("1", "3", "10"),
    "TransactionMessageRetryInterval": whole("0", "60", MOST),
    "UnlockConnectorOnEVSideDisconnect": BOOL,
    "WebSocketPingInterval": whole("0", "1", "54", MOST),
}
READ_ONLY = (
    "ConnectorPhaseRotationMaxLength",
    "GetConfigurationMaxKeys",
    "LocalAuthListMaxLength",
    "MeterValuesAlignedDataMaxLength",
    "MeterValuesSampledDataMaxLength",
    "NumberOfConnectors",
    "ReserveConnectorZeroSupported",
    "SendLocalListMaxLength",
    "StopTxnAlignedDataMaxLength",
    "StopTxnSampledDataMaxLength",
    "StopTransactionMaxMeterValues",
    "SupportedFeatureProfiles",
    "SupportedFeatureProfilesMaxLength",
)
PASSWORD = "correct horse battery"


def shown(csms, keys=None):
    """{key: entry} of GetConfiguration."""
    answer = csms.call("GetConfiguration", {} if keys is None else {"key": keys})
    return {entry["key"]: entry for entry in answer.get("configurationKey", [])}


# -- GetConfiguration ---------------------------------------------------------------------------


def test_all_keys_are_told(ocpp_csms, charger):
    cs = make(charger, ocpp_csms, settings={"AuthorizationKey": PASSWORD})
    answer = ocpp_csms.call("GetConfiguration", {})
    assert "unknownKey" not in answer
    names = [entry["key"] for entry in answer["configurationKey"]]
    assert len(set(n.lower() for n in names)) == len(names)
    entries = {entry["key"]: entry for entry in answer["configurationKey"]}
    assert set(WRITABLE) | set(READ_ONLY) | {"SecurityProfile"} <= set(entries)
    for key in WRITABLE:
        assert entries[key]["readonly"] is False and "value" in entries[key], key
    for key in READ_ONLY:
        assert entries[key]["readonly"] is True and entries[key]["value"], key
    assert ocpp_csms.call("GetConfiguration", {"key": []}) == answer
    # a secret is told to nobody
    assert "value" not in entries.get("AuthorizationKey", {})
    assert PASSWORD not in json.dumps(answer)
    assert PASSWORD not in json.dumps(cs.get("/api/settings"))
    # names of OCPP 2.x are none of 1.6
    assert not [n for n in names if "." in n or "Ctrlr" in n]


@pytest.mark.slow
def test_what_is_read_only_is_true(ocpp_csms, charger):
    make(charger, ocpp_csms, connectors=3, settings={"GetConfigurationMaxKeys": "20"})
    values = {key: entry["value"] for key, entry in shown(ocpp_csms, READ_ONLY).items()}
    assert values["NumberOfConnectors"] == "3"
    assert values["GetConfigurationMaxKeys"] == "20"  # this installation may set it
    assert "Core" in values["SupportedFeatureProfiles"].split(",")
    for key in READ_ONLY:
        if key.endswith(("MaxLength", "Values")):
            assert int(values[key]) >= 1
            text = shown(ocpp_csms, [key.replace("MaxLength", "")])
            for entry in text.values():
                assert len(entry["value"].split(",")) <= int(values[key])


@pytest.mark.slow
def test_some_keys_and_unknown_ones(ocpp_csms, charger):
    make(charger, ocpp_csms)
    wanted = ["heartbeatINTERVAL", "NoSuchKey", "NumberOfConnectors", "", "nosuchkey2"]
    answer = ocpp_csms.call("GetConfiguration", {"key": wanted})
    found = {entry["key"].lower(): entry for entry in answer["configurationKey"]}
    assert set(found) == {"heartbeatinterval", "numberofconnectors"}
    assert found["heartbeatinterval"]["value"] == "300"
    assert sorted(answer["unknownKey"]) == ["", "NoSuchKey", "nosuchkey2"]
    # asked twice, told once
    answer = ocpp_csms.call("GetConfiguration", {"key": ["ResetRetries", "resetretries"]})
    assert len(answer["configurationKey"]) == 1 and not answer.get("unknownKey")
    answer = ocpp_csms.call("GetConfiguration", {"key": ["k" * 50]})
    assert answer["unknownKey"] == ["k" * 50] and not answer.get("configurationKey")
    with pytest.raises(CallError) as raised:
        ocpp_csms.call("GetConfiguration", {"key": ["k" * 51]}, check=False)
    assert raised.value.code == "PropertyConstraintViolation"


@pytest.mark.slow
def test_as_many_keys_as_promised(ocpp_csms, charger):
    make(charger, ocpp_csms)
    most = int(setting(ocpp_csms, "GetConfigurationMaxKeys"))
    keys = ["Key%d" % n for n in range(most)]
    assert len(ocpp_csms.call("GetConfiguration", {"key": keys})["unknownKey"]) == most
    with pytest.raises(CallError) as raised:
        ocpp_csms.call("GetConfiguration", {"key": [*keys, "OneMore"]})
    assert raised.value.code in ("OccurenceConstraintViolation", "PropertyConstraintViolation")


# -- ChangeConfiguration ------------------------------------------------------------------------


@pytest.mark.parametrize("some", range(4))
def test_bounds_of_every_key(ocpp_csms, charger, some):
    """Each good value is taken and told back; a bad one is rejected and changes nothing."""
    cs = make(charger, ocpp_csms, speed=1)
    for key in sorted(WRITABLE)[some::4]:
        good, bad = WRITABLE[key]
        for value in good:
            assert change(ocpp_csms, key, value) == "Accepted", (key, value)
            told = setting(ocpp_csms, key)
            wanted = value.lower() if WRITABLE[key] is BOOL else value
            assert told == wanted, key
        for value in bad:
            assert change(ocpp_csms, key, value) == "Rejected", (key, value)
        assert setting(ocpp_csms, key) == told, key
    assert cs.status()["ocpp"]["connected"] and ocpp_csms.opened == 1


def test_read_only_unknown_and_odd_names(ocpp_csms, charger):
    make(charger, ocpp_csms)
    before = shown(ocpp_csms)
    for key in READ_ONLY:
        assert change(ocpp_csms, key, before[key]["value"]) == "Rejected", key
    for key in ("NoSuchKey", "", "TxCtrlr.EVConnectionTimeOut", "Heartbeat Interval", "Ä"):
        assert change(ocpp_csms, key, "5") == "NotSupported", key
    assert change(ocpp_csms, "hEARTBEATiNTERVAL", "77") == "Accepted"
    assert setting(ocpp_csms, "HeartbeatInterval") == "77"
    before["HeartbeatInterval"]["value"] = "77"
    assert shown(ocpp_csms) == before


@pytest.mark.slow
def test_lists_with_blanks_and_too_many_items(ocpp_csms, charger):
    make(charger, ocpp_csms)
    text = "Energy.Active.Import.Register, Voltage"
    assert change(ocpp_csms, "MeterValuesSampledData", text) == "Accepted"
    assert setting(ocpp_csms, "MeterValuesSampledData").replace(" ", "") == text.replace(" ", "")
    assert change(ocpp_csms, "ConnectorPhaseRotation", "0.RST, 1.RST, 2.RTS") == "Accepted"
    for key in ("MeterValuesSampledData", "StopTxnAlignedData"):
        most = int(setting(ocpp_csms, key + "MaxLength"))
        items = ["Voltage.L1-N", "Voltage.L2-N", "Voltage.L3-N", "Current.Import.L1"]
        many = (items * most)[: most + 1]
        # twice the same counts once, so only what is left may be too much
        status = change(ocpp_csms, key, ",".join(many))
        told = setting(ocpp_csms, key).split(",")
        assert (status == "Rejected") or (len(told) <= most and len(set(told)) == len(told))


@pytest.mark.slow
def test_list_limit_of_this_installation(ocpp_csms, charger):
    make(charger, ocpp_csms, settings={"MeterValuesSampledDataMaxLength": "2"})
    key = "MeterValuesSampledData"
    two = "Energy.Active.Import.Register,Voltage"
    assert change(ocpp_csms, key, two) == "Accepted"
    assert change(ocpp_csms, key, two + ",Current.Import") == "Rejected"
    assert setting(ocpp_csms, key) == two


@pytest.mark.slow
def test_without_a_lock_there_is_nothing_to_unlock(ocpp_csms, charger):
    """Errata 3.84: a fixed cable reports false, read-only."""
    make(charger, ocpp_csms, connector_lock=False)
    key = "UnlockConnectorOnEVSideDisconnect"
    assert shown(ocpp_csms, [key])[key] == {"key": key, "value": "false", "readonly": True}
    assert change(ocpp_csms, key, "true") == "Rejected"


@pytest.mark.slow
def test_changes_survive_and_win(ocpp_csms, charger):
    """What the CSMS changed outlives a power cut, and wins over the configuration file."""
    cs = make(charger, ocpp_csms, settings={"BlinkRepeat": "7", "MinimumStatusDuration": "3"})
    assert setting(ocpp_csms, "BlinkRepeat") == "7"
    changes = {
        "BlinkRepeat": "9",
        "ConnectionTimeOut": "33",
        "LocalPreAuthorize": "true",
        "MeterValuesSampledData": "Voltage",
        "StopTxnSampledData": "Energy.Active.Import.Register",
    }
    for key, value in changes.items():
        assert change(ocpp_csms, key, value) == "Accepted"
    cs.kill()
    cs.start()
    wait_booted(ocpp_csms, cs)
    for key, value in changes.items():
        assert setting(ocpp_csms, key) == value
    assert setting(ocpp_csms, "MinimumStatusDuration") == "3"


@pytest.mark.slow
def test_security_profile_is_not_lowered(ocpp_csms, charger):
    ocpp_csms.password = PASSWORD
    cs = make(charger, ocpp_csms, ocpp={"security_profile": 1, "password": PASSWORD})
    assert setting(ocpp_csms, "SecurityProfile") == "1"
    for value in ("0", "1", "-1", "4", "x", ""):
        assert change(ocpp_csms, "SecurityProfile", value) == "Rejected", value
    assert setting(ocpp_csms, "SecurityProfile") == "1"
    assert cs.status()["ocpp"]["connected"]


@pytest.mark.slow
def test_authorization_key_bounds(ocpp_csms, charger):
    """Whitepaper A00.FR.205: 16 to 40 characters."""
    make(charger, ocpp_csms)
    for value in ("", "x" * 15, "x" * 41, "line\nbreak and more", "tab\there and more.."):
        assert change(ocpp_csms, "AuthorizationKey", value) == "Rejected", value
    for value in ("x" * 16, "0123456789abcdef" * 2 + "01234567"):
        assert change(ocpp_csms, "AuthorizationKey", value) == "Accepted", value
    entry = shown(ocpp_csms, ["AuthorizationKey"]).get("AuthorizationKey", {})
    assert "value" not in entry


# -- the owner's side ---------------------------------------------------------------------------


@pytest.mark.slow
def test_settings_api(ocpp_csms, charger):
    cs = make(charger, ocpp_csms, settings={"BlinkRepeat": "7"})
    mark = wait_booted(ocpp_csms, cs)
    settings = cs.get("/api/settings")
    assert settings["BlinkRepeat"] == "7" and settings["NumberOfConnectors"] == "2"
    cs.post("/api/settings", {"blinkrepeat": "8", "GetConfigurationMaxKeys": "11"})
    assert setting(ocpp_csms, "BlinkRepeat") == "8"
    assert setting(ocpp_csms, "GetConfigurationMaxKeys") == "11"
    assert cs.get("/api/settings")["BlinkRepeat"] == "8"
    # a name of 2.x is the same setting
    cs.post("/api/settings", {"OCPPCommCtrlr.HeartbeatInterval": "20"})
    assert setting(ocpp_csms, "HeartbeatInterval") == "20"
    ocpp_csms.wait_for("Heartbeat", timeout=5, since=mark)
    # back to what this installation had
    cs.post("/api/settings", {"BlinkRepeat": None, "GetConfigurationMaxKeys": None})
    assert setting(ocpp_csms, "BlinkRepeat") == "7"
    cs.post("/api/settings", {"AuthorizationKey": "x" * 20})
    assert "x" * 20 not in json.dumps(cs.get("/api/settings"))
    cs.post("/api/settings", {"BlinkRepeat": "6"})
    cs.stop()
    cs.start()
    assert cs.get("/api/settings")["BlinkRepeat"] == "6"


BAD_SETTINGS = (
    {"NoSuchSetting": "1"},
    {"BlinkRepeat": "many"},
    {"BlinkRepeat": "5", "HeartbeatIntervall": "9"},
    {"BlinkRepeat": 5},
    {"BlinkRepeat": True},
    {"BlinkRepeat": ["5"]},
    {"MeterValuesSampledData": "Nonsense"},
    {"AuthorizationKey": "short"},
    ["BlinkRepeat"],
)


def test_settings_api_refuses(charger):
    cs = charger()
    before = cs.get("/api/settings")
    for body in BAD_SETTINGS:
        with pytest.raises(ApiError) as raised:
            cs.post("/api/settings", body)
        assert raised.value.status == 400 and raised.value.body["error"], body
    assert cs.get("/api/settings") == before


@pytest.mark.slow
def test_changes_act_at_once(ocpp_csms, charger):
    """NumberOfConnectors apart, everything counts without a restart."""
    cs = make(charger, ocpp_csms, settings={"MeterValueSampleInterval": "0"})
    cs.act(1, "plug")
    cs.card("DEADBEEF", connector=1)
    cs.wait_connector(1, status="Charging")
    assert sent(ocpp_csms, "MeterValues") == []
    assert change(ocpp_csms, "MeterValuesSampledData", "Current.Import.L2") == "Accepted"
    assert change(ocpp_csms, "MeterValueSampleInterval", "3") == "Accepted"
    sampled = ocpp_csms.wait_for("MeterValues", timeout=5)["meterValue"][0]["sampledValue"]
    assert [(v["measurand"], v["phase"]) for v in sampled] == [("Current.Import", "L2")]
