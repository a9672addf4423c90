# marks: slow
import gc
import sys

from support import raises

from ocpp.rpc import CallError
from ocpp.station import settings_rows
from ocpp.station.settings import Settings
from ocpp.v16.ops import change_configuration, get_configuration

REQUIRED = (  # OCPP 1.6 §9.1 and what the profiles in use need
    "AllowOfflineTxForUnknownId AuthorizationCacheEnabled AuthorizeRemoteTxRequests BlinkRepeat "
    "ClockAlignedDataInterval ConnectionTimeOut ConnectorPhaseRotation "
    "ConnectorPhaseRotationMaxLength GetConfigurationMaxKeys HeartbeatInterval LightIntensity "
    "LocalAuthorizeOffline LocalPreAuthorize MaxEnergyOnInvalidId MeterValuesAlignedData "
    "MeterValuesAlignedDataMaxLength MeterValuesSampledData MeterValuesSampledDataMaxLength "
    "MeterValueSampleInterval MinimumStatusDuration NumberOfConnectors ResetRetries "
    "StopTransactionOnEVSideDisconnect StopTransactionOnInvalidId StopTxnAlignedData "
    "StopTxnAlignedDataMaxLength StopTxnSampledData StopTxnSampledDataMaxLength "
    "SupportedFeatureProfiles SupportedFeatureProfilesMaxLength TransactionMessageAttempts "
    "TransactionMessageRetryInterval UnlockConnectorOnEVSideDisconnect WebSocketPingInterval "
    "MessageTimeout StopTransactionMaxMeterValues AuthorizationKey SecurityProfile CpoName "
    "LocalAuthListEnabled LocalAuthListMaxLength SendLocalListMaxLength "
    "ReserveConnectorZeroSupported"
).split()
READONLY = (
    "ConnectorPhaseRotationMaxLength GetConfigurationMaxKeys MeterValuesAlignedDataMaxLength "
    "MeterValuesSampledDataMaxLength NumberOfConnectors StopTxnAlignedDataMaxLength "
    "StopTxnSampledDataMaxLength SupportedFeatureProfiles SupportedFeatureProfilesMaxLength "
    "StopTransactionMaxMeterValues LocalAuthListMaxLength SendLocalListMaxLength "
    "ReserveConnectorZeroSupported"
).split()


class Store:
    """As ocpp.store, in memory."""

    def __init__(self, **values):
        self.values = values
        self.saves = 0
        self.full = False

    def load(self, name):
        return self.values.get(name)

    def save(self, name, value):
        if self.full:
            return False
        self.saves += 1
        self.values[name] = value
        return True


class Dialect:
    def __init__(self, settings):
        self.station = self
        self.settings = settings
        self.jobs = []

    def tidying(self):
        yield


class Request:
    def __init__(self, payload):
        self.payload = payload
        self.answer = None

    def reply(self, answer):
        assert self.answer is None
        self.answer = answer

    def finished_by(self, job):
        return job


def make(**stored):
    return Settings(Store(settings=stored))


def get_conf(settings, *keys):
    return get_conf_raw(settings, {"key": list(keys)} if keys else {})


def get_conf_raw(settings, payload):
    dialect, request = Dialect(settings), Request(payload)
    assert get_configuration.handle(dialect, request) is None
    for _ in dialect.jobs[0]:
        assert request.answer is None
    return request.answer


def by_key(answer):
    return {entry["key"]: entry for entry in answer["configurationKey"]}


def change_conf(settings, key, value):
    request = Request({"key": key, "value": value})
    return change_configuration.handle(Dialect(settings), request)["status"]


def test_every_core_key_is_there():
    answer = by_key(get_conf(make()))
    for key in REQUIRED:
        assert key in answer, key
        assert answer[key]["readonly"] == (key in READONLY), key
        if key not in ("AuthorizationKey", "CpoName"):
            assert isinstance(answer[key]["value"], str), key


def test_the_table_is_well_formed():
    from ocpp.station import settings_rules as rules

    seen = {}
    for line in settings_rows.lines(()):
        d = rules.check_definition(line)
        for name in d[:2]:
            assert name.lower() not in seen or not name, name
            seen[name.lower()] = True
            assert len(d[0]) <= 50
        if rules.default(d) is not None:
            assert settings_rows.text_of(rules.default(d)) == d[rules.DEFAULT], (
                line
            )  # canonical already
        for flag in d[rules.FLAGS].split():
            assert flag in ("reboot", "rise", "guard", "lazy", "fixed2", "live"), line


def test_types():
    s = make()
    assert s.get("HeartbeatInterval") == 300 and s.text("HeartbeatInterval") == "300"
    assert s.get("LocalPreAuthorize") is False and s.text("LocalPreAuthorize") == "false"
    assert s.get("TxCtrlr.TxStartPoint") == "PowerPathClosed"
    assert s.get("AuthorizationKey") is None and s.text("AuthorizationKey") is None
    assert s.get("BlinkRepeat") == 3  # lazy
    raises(KeyError, s.get, "NoSuchThing")


def test_both_spellings_any_case():
    s = make()
    assert s.lookup("heartBEATinterval") == "HeartbeatInterval"
    assert s.lookup("ocppcommctrlr.heartbeatinterval") == "HeartbeatInterval"
    assert (
        s.lookup("OCPPCommCtrlr.MessageAttempts[TransactionEvent]") == "TransactionMessageAttempts"
    )
    assert s.lookup("txctrlr.txstartpoint") == "TxCtrlr.TxStartPoint"
    for name in ("", ".", "TxStartPoint", "HeartbeatInterval ", "OCPPCommCtrlr.MessageAttempts"):
        assert s.lookup(name) is None, name


def test_change_numbers():
    s = make()
    assert s.change("HEARTBEATINTERVAL", "60") == "Accepted"
    assert s.get("HeartbeatInterval") == 60
    for bad in (
        "-1",
        "+5",
        " 5",
        "5 ",
        "",
        "5.0",
        "0x10",
        "abc",
        "1e3",
        "2147483648",
        "9" * 40,
        "५",
    ):
        assert s.change("HeartbeatInterval", bad) == "Rejected", bad
    for bad in (5, None, True, ["5"]):
        assert s.change("HeartbeatInterval", bad) == "Rejected", bad
    assert s.get("HeartbeatInterval") == 60
    assert s.change("HeartbeatInterval", "2147483647") == "Accepted"
    assert s.change("LightIntensity", "100") == "Accepted"
    assert s.change("LightIntensity", "101") == "Rejected"
    assert s.change("WebSocketPingInterval", "-1") == "Rejected"  # OCPP 1.6 §9.1.34


def test_change_bools():
    s = make()
    for text, value in (("TRUE", True), ("False", False), ("true", True), ("fAlSe", False)):
        assert s.change("LocalPreAuthorize", text) == "Accepted"
        assert s.get("LocalPreAuthorize") is value
    for bad in ("1", "0", "yes", "", " true", "t"):
        assert s.change("LocalPreAuthorize", bad) == "Rejected", bad


def test_change_texts_and_lists():
    s = make()
    assert s.change("FreeVendIdTag", "x" * 20) == "Accepted"
    assert s.change("FreeVendIdTag", "x" * 21) == "Rejected"
    assert s.change("FreeVendIdTag", "a\nb") == "Rejected"
    assert s.change("FreeVendIdTag", "") == "Accepted"
    assert s.change("OnPowerLoss", "Resume") == "Accepted" and s.get("OnPowerLoss") == "resume"
    assert s.change("OnPowerLoss", "maybe") == "Rejected"
    assert s.change("TxCtrlr.TxStartPoint", "authorized, evconnected,Authorized") == "Accepted"
    assert s.get("TxCtrlr.TxStartPoint") == "Authorized,EVConnected"
    for bad in ("Authorized,", ",", "Authorized,,EVConnected", "Foo"):
        assert s.change("TxCtrlr.TxStartPoint", bad) == "Rejected", bad


def test_measurand_lists():
    s = make()
    for text, kept in (
        ("voltage.l1,Current.Import", "Voltage.L1,Current.Import"),
        ("Voltage.L1-N", "Voltage.L1-N"),
        ("SoC", "SoC"),
        ("", ""),
    ):
        assert s.change("MeterValuesSampledData", text) == "Accepted", text
        assert s.get("MeterValuesSampledData") == kept
    for bad in ("Foo", "Voltage.L4", "L1", "Voltage.", "Voltage L1", "Voltage.L1.L2"):
        assert s.change("MeterValuesSampledData", bad) == "Rejected", bad


def test_max_length_of_lists():
    s = make()
    s.force("StopTxnSampledDataMaxLength", "2")
    assert s.change("StopTxnSampledData", "Voltage,SoC") == "Accepted"
    assert s.change("StopTxnSampledData", "Voltage,SoC,Frequency") == "Rejected"
    assert "at most 2" in str(raises(ValueError, s.force, "StopTxnSampledData", "Voltage,SoC,RPM"))


def test_phase_rotation():
    s = make()
    s.set_fixed("NumberOfConnectors", "2")
    assert s.change("ConnectorPhaseRotation", "0.RST, 1.RST, 2.RTS") == "Accepted"
    assert s.get("ConnectorPhaseRotation") == "0.RST,1.RST,2.RTS"
    for bad in ("3.RST", "1.XYZ", "RST", "1", ".RST", "-1.RST"):
        assert s.change("ConnectorPhaseRotation", bad) == "Rejected", bad


def test_read_only_and_unknown():
    s = make()
    for key in READONLY:
        assert s.change(key, s.text(key)) == "Rejected", key
    assert s.change("NoSuchKey", "1") == "NotSupported"
    s.set_fixed("UnlockConnectorOnEVSideDisconnect", "false")
    assert s.get("UnlockConnectorOnEVSideDisconnect") is False
    assert s.change("UnlockConnectorOnEVSideDisconnect", "true") == "Rejected"
    assert by_key(get_conf(s))["UnlockConnectorOnEVSideDisconnect"]["readonly"] is True


def test_only_what_differs_is_stored():
    s = make()
    store = s._store
    s.change("HeartbeatInterval", "60")
    s.change("LocalPreAuthorize", "TRUE")
    assert store.values["settings"] == {"HeartbeatInterval": "60", "LocalPreAuthorize": "true"}
    saves = store.saves
    s.change("HeartbeatInterval", "60")
    s.change("MinimumStatusDuration", "0")
    assert store.saves == saves  # nothing changed, flash is not touched
    s.change("HeartbeatInterval", "300")
    assert store.values["settings"] == {"LocalPreAuthorize": "true"}
    again = Settings(store)
    assert again.get("LocalPreAuthorize") is True and again.get("HeartbeatInterval") == 300


def test_flash_full_rejects():
    s = make()
    s._store.full = True
    assert s.change("HeartbeatInterval", "60") == "Rejected"
    assert s.get("HeartbeatInterval") == 300
    raises(OSError, s.force, "HeartbeatInterval", "60")
    s._store.full = False
    assert s.change("HeartbeatInterval", "60") == "Accepted"
    assert s._store.values["settings"] == {"HeartbeatInterval": "60"}


def test_precedence():
    s = make(HeartbeatInterval="77")
    assert s.get("HeartbeatInterval") == 77
    assert s.initial({"heartbeatinterval": "500", "AuthCtrlr.LocalPreAuthorize": "true"}) == []
    assert s.get("HeartbeatInterval") == 77  # the CSMS wins
    assert s.get("LocalPreAuthorize") is True
    s.force("HeartbeatInterval", None)
    assert s.get("HeartbeatInterval") == 500  # default of this installation
    assert s._store.values["settings"] == {}
    s.install("NumberOfConnectors", 2)
    assert s.get("NumberOfConnectors") == 2
    raises(KeyError, s.install, "NoSuchThing", "1")


def test_initial_may_set_what_is_read_only_and_names_problems():
    s = make()
    problems = dict(
        s.initial(
            {
                "NumberOfConnectors": "3",
                "HeartbeatIntervall": "5",
                "ConnectionTimeOut": "soon",
                "TxCtrlr.StartPoint": "Authorized",
                "OCPPCommCtrlr.HeartbeatInterval@1.1": "5",
                "ResetRetries": 3,
            }
        )
    )
    assert s.get("NumberOfConnectors") == 3
    assert s.get("ConnectionTimeOut") == 60
    assert len(problems) == 5
    assert problems["HeartbeatIntervall"] == "unknown, nearest is HeartbeatInterval"
    assert problems["TxCtrlr.StartPoint"] == "unknown, nearest is TxCtrlr.TxStartPoint"
    assert problems["ConnectionTimeOut"] == "a whole number from 0"
    assert "whole station" in problems["OCPPCommCtrlr.HeartbeatInterval@1.1"]
    assert problems["ResetRetries"] == "a whole number from 0 to 10"


def test_damaged_store():
    for stored in (
        "text",
        5,
        [1],
        {"HeartbeatInterval": "x", "LocalPreAuthorize": 1, "Gone": "1"},
    ):
        s = Settings(Store(settings=stored))
        assert s.get("HeartbeatInterval") == 300 and s.get("LocalPreAuthorize") is False
        assert s.change("HeartbeatInterval", "60") == "Accepted"
        assert Settings(s._store).get("HeartbeatInterval") == 60


def test_force():
    s = make()
    s.force("numberofconnectors", "5")
    assert s.get("NumberOfConnectors") == 5
    assert Settings(s._store).get("NumberOfConnectors") == 5
    raises(KeyError, s.force, "NoSuchKey", "1")
    raises(KeyError, s.force, "NoSuchKey", None)
    assert str(raises(ValueError, s.force, "HeartbeatInterval", "x")) == "a whole number from 0"
    assert str(raises(ValueError, s.force, "FreeVend", "x")) == "true or false"
    assert str(raises(ValueError, s.force, "OnPowerLoss", "x")) == "one of stop,resume"
    raises(ValueError, s.force, "HeartbeatInterval", 5)
    s.force("AuthorizationKey", "0123456789abcdef")
    s.force("AuthorizationKey", None)
    assert s.get("AuthorizationKey") is None


def test_items_hide_secrets_and_what_is_absent():
    s = make()
    s.force("AuthorizationKey", "0123456789abcdef")
    items = dict(s.items())
    assert "AuthorizationKey" not in items and "CpoName" not in items
    assert (
        items["HeartbeatInterval"] == "300" and items["TxCtrlr.TxStartPoint"] == "PowerPathClosed"
    )
    assert [row for row in s.rows() if row[0] == "AuthorizationKey"] == [
        ("AuthorizationKey", None, False, True)
    ]


def test_watchers():
    s = make()
    seen = []
    s.watch("HeartbeatInterval", seen.append)
    s.change("HeartbeatInterval", "60")
    s.change("HeartbeatInterval", "60")
    s.change("HeartbeatInterval", "x")
    s.change("ResetRetries", "1")
    s.force("HeartbeatInterval", "61")
    s.adopt("HeartbeatInterval", 62)
    s.force("HeartbeatInterval", None)
    assert seen == [60, 61, 62, 300], seen


def test_adopted_values_are_not_stored():
    s = make()
    s.adopt("HeartbeatInterval", 42)
    assert s.get("HeartbeatInterval") == 42 and s._store.saves == 0
    assert by_key(get_conf(s, "HeartbeatInterval"))["HeartbeatInterval"]["value"] == "42"
    assert s.change("HeartbeatInterval", "300") == "Accepted"
    assert s.get("HeartbeatInterval") == 300


def test_validators():
    s = make()
    s.validators["ConnectionTimeOut"] = lambda text: "odd" if int(text) % 2 else None
    assert s.change("ConnectionTimeOut", "3") == "Rejected"
    assert s.change("ConnectionTimeOut", "4") == "Accepted"
    assert str(raises(ValueError, s.force, "ConnectionTimeOut", "5")) == "odd"


def test_security_profile_only_rises_and_only_with_consent():
    s = make()
    assert s.change("SecurityProfile", "1") == "Rejected"  # nobody vouches for it
    s.validators["SecurityProfile"] = lambda text: "no certificate" if text == "3" else None
    assert s.change("SecurityProfile", "0") == "Rejected"  # whitepaper A05.FR.01
    assert s.change("SecurityProfile", "2") == "Accepted"
    assert s.change("SecurityProfile", "1") == "Rejected"
    assert s.change("SecurityProfile", "3") == "Rejected"
    s.force("SecurityProfile", "0")  # the owner may
    assert s.get("SecurityProfile") == 0


def test_authorization_key():
    s = make()
    for bad in ("short", "x" * 41, ""):
        assert change_conf(s, "AuthorizationKey", bad) == "Rejected", bad
    key = "00112233445566778899aabbccddeeff00112233"
    assert change_conf(s, "authorizationkey", key) == "Accepted"
    assert s.get("AuthorizationKey") == key
    s.install("AuthorizationKey", "pw")  # the installer's may be short; the CSMS's wins
    assert s.get("AuthorizationKey") == key
    for answer in (get_conf(s), get_conf(s, "AuthorizationKey")):
        assert by_key(answer)["AuthorizationKey"] == {"key": "AuthorizationKey", "readonly": False}


def test_declared_settings():
    s = make(Volume="7", Scale="0.125")
    s.declare("Volume|AudioCtrlr.Volume|int|%|5|0..11|rw|reboot")
    s.declare("Scale||decimal||1.5|0..10.5|rw|")
    assert s.get("Volume") == 7 and s.lookup("audioctrlr.volume") == "Volume"
    assert s.get("Scale") == 0.125 and s.text("Scale") == "0.125"
    assert s.change("volume", "11") == "RebootRequired" and s.get("Volume") == 11
    assert s.change("Volume", "12") == "Rejected"
    assert s.change("Scale", "10.5") == "Accepted" and s.text("Scale") == "10.5"
    for bad in ("10.6", "-1", "1.", ".5", "1e1", "nan", "inf", "1.2.3", ""):
        assert s.change("Scale", bad) == "Rejected", bad
    assert by_key(get_conf(s, "VOLUME"))["Volume"]["value"] == "11"
    for bad in (
        "Volume||int||5||rw|",
        "X|HeartbeatInterval|int||5||rw|",
        "X||int||5||rw",
        "||int||5||rw|",
        "X||word||5||rw|",
        "X||int||five||rw|",
        "X||int||5||maybe|",
        "a.b||int||5||rw|",
        "X|OCPPCommCtrlr.HeartbeatInterval|int||5||rw|",
    ):
        raises(ValueError, s.declare, bad)
    assert s.lookup("X") is None


def test_get_configuration_of_some_keys():
    s = make()
    answer = get_conf(
        s, "heartbeatINTERVAL", "Nope", "HeartbeatInterval", "NOPE", "SupportedFeatureProfiles"
    )
    assert by_key(answer) == {
        "HeartbeatInterval": {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
        "SupportedFeatureProfiles": {
            "key": "SupportedFeatureProfiles",
            "readonly": True,
            "value": s.text("SupportedFeatureProfiles"),
        },
    }
    profiles = s.text("SupportedFeatureProfiles").split(",")
    assert profiles[0] == "Core" and {"LocalAuthListManagement", "Reservation"} <= set(profiles)
    assert len(answer["configurationKey"]) == 2
    assert answer["unknownKey"] == ["Nope"]
    assert get_conf(s, "CpoName") == {"configurationKey": [{"key": "CpoName", "readonly": False}]}
    assert get_conf(s, "x" * 60) == {"configurationKey": [], "unknownKey": ["x" * 50]}


def test_get_configuration_of_all_keys():
    s = make()
    for answer in (get_conf(s), get_conf_raw(s, {"key": []})):
        keys = [entry["key"] for entry in answer["configurationKey"]]
        assert len(keys) > 40 and len(set(keys)) == len(keys)
        assert "unknownKey" not in answer
        assert not [key for key in keys if "." in key]  # names of 2.x are no keys of 1.6
    assert get_conf(s, "TxCtrlr.TxStartPoint")["unknownKey"] == ["TxCtrlr.TxStartPoint"]
    assert change_conf(s, "OCPPCommCtrlr.HeartbeatInterval", "5") == "NotSupported"


def test_get_configuration_is_cut_into_slices():
    s = make()
    dialect, request = Dialect(s), Request({})
    get_configuration.handle(dialect, request)
    slices = 0
    for _ in dialect.jobs[0]:
        slices += 1
        s.change("HeartbeatInterval", str(slices))  # which lets go of the definitions meanwhile
    assert slices > 7 and len(request.answer["configurationKey"]) > 40


def test_get_configuration_max_keys():
    s = make()
    most = s.get("GetConfigurationMaxKeys")
    assert len(get_conf(s, *["k%d" % i for i in range(most)])["unknownKey"]) == most
    error = raises(CallError, get_conf, s, *["k%d" % i for i in range(most + 1)])
    assert error.code == "OccurenceConstraintViolation"


def test_change_configuration():
    s = make()
    assert change_conf(s, "heartbeatinterval", "10") == "Accepted"
    assert change_conf(s, "HeartbeatInterval", "ten") == "Rejected"
    assert change_conf(s, "NumberOfConnectors", "10") == "Rejected"
    assert change_conf(s, "Unheard", "10") == "NotSupported"
    s.declare("Later||bool||false||rw|reboot")
    assert change_conf(s, "Later", "true") == "RebootRequired"
    assert change_conf(s, "CpoName", "x" * 501) == "Rejected"


def test_definitions_are_let_go():
    s = make()
    dict(s.items())
    s.change("HeartbeatInterval", "5")
    raises(KeyError, s.get, "Nope")
    for name in ("settings_rules", "settings_rows", "settings_core", "settings_table"):
        assert "ocpp.station." + name not in sys.modules
        assert not hasattr(sys.modules["ocpp.station"], name)


def test_reading_allocates_nothing():
    import micropython

    s = make()
    micropython.heap_lock()
    try:
        for _ in range(100):
            s.get("HeartbeatInterval")
    finally:
        micropython.heap_unlock()


def test_no_growth_with_changes():
    s = make()
    s.change("HeartbeatInterval", "1000")
    gc.collect()
    before = gc.mem_alloc()
    for i in range(200):
        s.change("HeartbeatInterval", str(1000 + i))
        get_conf(s, "HeartbeatInterval")
    gc.collect()
    assert gc.mem_alloc() - before < 1024, gc.mem_alloc() - before
