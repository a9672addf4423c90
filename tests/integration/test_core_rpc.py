"""The RPC layer of OCPP-J 1.6 §4: calls, answers, errors, and what to do with nonsense."""

import pytest
from core16 import (
    answer_to,
    make,
    payloads,
    setting,
    wait_booted,
)
from ocpp_check import CALL, ERROR, RESULT
from ocpp_link import CallError

pytestmark = pytest.mark.slow

# OCPP 1.6 §3.2: which profile has which operation of the central system
PROFILES = {
    "Core": (
        ("ChangeAvailability", {"connectorId": 2, "type": "Operative"}),
        ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "200"}),
        ("ClearCache", {}),
        ("DataTransfer", {"vendorId": "org.example"}),
        ("GetConfiguration", {"key": ["HeartbeatInterval"]}),
        ("RemoteStartTransaction", {"idTag": "DEADBEEF", "connectorId": 9}),
        ("RemoteStopTransaction", {"transactionId": 99}),
        ("UnlockConnector", {"connectorId": 9}),
    ),
    "FirmwareManagement": (
        ("GetDiagnostics", {"location": "ftp://127.0.0.1:1/"}),
        (
            "UpdateFirmware",
            {"location": "ftp://127.0.0.1:1/", "retrieveDate": "2099-01-01T00:00:00Z"},
        ),
    ),
    "LocalAuthListManagement": (
        ("GetLocalListVersion", {}),
        ("SendLocalList", {"listVersion": 1, "updateType": "Full"}),
    ),
    "Reservation": (
        ("CancelReservation", {"reservationId": 5}),
        (
            "ReserveNow",
            {
                "connectorId": 9,
                "expiryDate": "2020-01-01T00:00:00Z",
                "idTag": "DEADBEEF",
                "reservationId": 5,
            },
        ),
    ),
    "SmartCharging": (
        ("ClearChargingProfile", {"id": 7}),
        ("GetCompositeSchedule", {"connectorId": 1, "duration": 60}),
    ),
    "RemoteTrigger": (("TriggerMessage", {"requestedMessage": "Heartbeat"}),),
}
STRUCTURE = {"FormationViolation", "OccurenceConstraintViolation", "ProtocolError"}
PROFILE = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}],
    },
}


def start_with(**change):
    """RemoteStartTransaction with a charging profile, its fields changed; None: left out."""
    profile = {k: v for k, v in {**PROFILE, **change}.items() if v is not None}
    return "RemoteStartTransaction", {"idTag": "DEADBEEF", "chargingProfile": profile}


def raw(csms, text, message_id):
    """Send a frame as it is: (message type, code of a CALLERROR) of the answer."""
    csms.send_text([text])  # as a list it goes past the record of the CSMS
    frame = answer_to(csms, message_id)
    return frame.type, frame.payload["code"] if frame.type == ERROR else None


def nonsense(csms):
    csms.tolerate("csms", "sends nonsense on purpose")
    csms.tolerate("charger", "answers what the record of the CSMS does not count as a CALL")


# -- calls to the charger -----------------------------------------------------------------------


def test_operations_of_the_profiles(ocpp_csms, charger):
    """What it says it supports is answered, the rest is refused as known but not supported."""
    make(charger, ocpp_csms)
    supported = setting(ocpp_csms, "SupportedFeatureProfiles").split(",")
    assert "Core" in supported and set(supported) <= set(PROFILES)
    for profile, calls in PROFILES.items():
        for action, payload in calls:
            if profile in supported:
                assert isinstance(ocpp_csms.call(action, payload), dict)
                continue
            with pytest.raises(CallError) as raised:
                ocpp_csms.call(action, payload)
            assert raised.value.code == "NotSupported", action


@pytest.mark.slow
def test_unknown_actions(ocpp_csms, charger):
    make(charger, ocpp_csms)
    for action in ("NoSuchAction", "clearcache", "", "A" * 300, "__init__", "_measurand", "ä"):
        with pytest.raises(CallError) as raised:
            ocpp_csms.call(action, {}, check=False)
        assert raised.value.code == "NotImplemented", action
        assert len(raised.value.description) <= 255


@pytest.mark.slow
def test_an_operation_of_the_other_direction(ocpp_csms, charger):
    make(charger, ocpp_csms)
    for action in ("BootNotification", "Heartbeat", "StartTransaction"):
        with pytest.raises(CallError) as raised:
            ocpp_csms.call(action, {}, check=False)
        assert raised.value.code in ("NotSupported", "NotImplemented")


def test_broken_schemas_have_their_codes(ocpp_csms, charger):
    """OCPP-J 1.6 §4.2.3, table 7; errata §3.38 for values of enumerations."""
    cases = (
        # something is missing
        (STRUCTURE, "ChangeAvailability", {"connectorId": 1}),
        (STRUCTURE, "ChangeAvailability", {}),
        (STRUCTURE, *start_with(stackLevel=None)),
        (STRUCTURE, *start_with(chargingSchedule={"chargingRateUnit": "A"})),
        # something is too much
        ({"FormationViolation"}, "Reset", {"type": "Soft", "when": 5}),
        ({"FormationViolation"}, "ClearCache", {"all": True}),
        ({"FormationViolation"}, *start_with(colour="red")),
        # of the wrong type
        (
            {"TypeConstraintViolation"},
            "ChangeAvailability",
            {"connectorId": "1", "type": "Operative"},
        ),
        (
            {"TypeConstraintViolation"},
            "ChangeAvailability",
            {"connectorId": True, "type": "Operative"},
        ),
        (
            {"TypeConstraintViolation"},
            "ChangeAvailability",
            {"connectorId": 1.5, "type": "Operative"},
        ),
        (
            {"TypeConstraintViolation"},
            "ChangeAvailability",
            {"connectorId": None, "type": "Operative"},
        ),
        (
            {"TypeConstraintViolation"},
            "ChangeConfiguration",
            {"key": "HeartbeatInterval", "value": 5},
        ),
        ({"TypeConstraintViolation"}, "GetConfiguration", {"key": "HeartbeatInterval"}),
        ({"TypeConstraintViolation"}, "GetConfiguration", {"key": [5]}),
        ({"TypeConstraintViolation"}, "RemoteStartTransaction", {"idTag": 12345678}),
        ({"TypeConstraintViolation"}, "Reset", {"type": ["Soft"]}),
        ({"TypeConstraintViolation"}, *start_with(stackLevel="0")),
        # a value that is not allowed
        ({"PropertyConstraintViolation"}, "ChangeAvailability", {"connectorId": 1, "type": "Off"}),
        ({"PropertyConstraintViolation"}, "Reset", {"type": "soft"}),
        ({"PropertyConstraintViolation"}, "Reset", {"type": ""}),
        ({"PropertyConstraintViolation"}, "RemoteStartTransaction", {"idTag": "x" * 21}),
        ({"PropertyConstraintViolation"}, "ChangeConfiguration", {"key": "k" * 51, "value": "5"}),
        ({"PropertyConstraintViolation"}, "ChangeConfiguration", {"key": "k", "value": "v" * 501}),
        ({"PropertyConstraintViolation"}, "DataTransfer", {"vendorId": "v" * 256}),
        ({"PropertyConstraintViolation"}, *start_with(chargingProfileKind="Sometimes")),
    )
    make(charger, ocpp_csms)
    for codes, action, payload in cases:
        with pytest.raises(CallError) as raised:
            ocpp_csms.call(action, payload, check=False)
        assert raised.value.code in codes, (raised.value, action, payload)
    # nothing of all that had an effect
    assert setting(ocpp_csms, "HeartbeatInterval") == "300"
    assert payloads(ocpp_csms, "StartTransaction") == []


def test_no_payload_may_be_null(ocpp_csms, charger):
    """OCPP-J 1.6 §4.2.1, §4.2.2: null is another notation for an empty object."""
    nonsense(ocpp_csms)
    make(charger, ocpp_csms)
    assert raw(ocpp_csms, '[2,"n1","ClearCache",null]', "n1") == (RESULT, None)
    assert raw(ocpp_csms, '[2,"n2","GetConfiguration",null]', "n2") == (RESULT, None)
    kind, code = raw(ocpp_csms, '[2,"n3","Reset",null]', "n3")
    assert kind == ERROR and code in STRUCTURE


@pytest.mark.slow
def test_text_of_all_kinds(ocpp_csms, charger):
    make(charger, ocpp_csms)
    for data in ("", "ä€", "\U0001f50c", 'quote " and \\ and \u0001', "x" * 6000):
        answer = ocpp_csms.call("DataTransfer", {"vendorId": "org.example", "data": data})
        assert answer == {"status": "UnknownVendorId"}
    keys = ["ä€\U0001f50c", "\\", '"']
    answer = ocpp_csms.call("GetConfiguration", {"key": keys})
    assert sorted(answer["unknownKey"]) == sorted(keys)
    nonsense(ocpp_csms)
    text = ' [ 2 ,\n"sp1" , "GetConfiguration",\t{"key" : [ "\\ud83d\\udd0c", "\\u0041" ] } ] '
    ocpp_csms.send_text(text)
    answer = answer_to(ocpp_csms, "sp1").payload
    assert sorted(answer["unknownKey"]) == ["A", "\U0001f50c"]


@pytest.mark.slow
def test_a_call_in_fragments(ocpp_csms, charger):
    make(charger, ocpp_csms)
    nonsense(ocpp_csms)
    text = '[2,"fr1","GetConfiguration",{"key":["ä","HeartbeatInterval"]}]'
    ocpp_csms.send_text([text[:10], "", text[10:40], text[40:]])
    answer = answer_to(ocpp_csms, "fr1").payload
    assert answer["unknownKey"] == ["ä"] and len(answer["configurationKey"]) == 1


def test_calls_without_waiting_are_all_answered(ocpp_csms, charger):
    make(charger, ocpp_csms)
    nonsense(ocpp_csms)
    ids = ["many-%d" % n for n in range(25)]
    for message_id in ids:
        ocpp_csms.send_text('[2,"%s","ClearCache",{}]' % message_id)
    for message_id in ids:
        assert answer_to(ocpp_csms, message_id).payload == {"status": "Accepted"}


# -- frames that are none -----------------------------------------------------------------------


MALFORMED = (
    '[2,"%s","ClearCache",{]',
    '[2,"%s","ClearCache",{"a":}]',
    '[2,"%s","ClearCache",{}',
    '[2,"%s","ClearCache"]',
    '[2,"%s","ClearCache",{},{}]',
    '[2,"%s","ClearCache",[]]',
    '[2,"%s","ClearCache","{}"]',
    '[2,"%s",5,{}]',
)


def test_a_malformed_call_is_answered(ocpp_csms, charger):
    make(charger, ocpp_csms)
    nonsense(ocpp_csms)
    for n, text in enumerate(MALFORMED):
        message_id = "bad%d" % n
        assert raw(ocpp_csms, text % message_id, message_id) == (ERROR, "FormationViolation"), text
    assert setting(ocpp_csms, "HeartbeatInterval") == "300"


@pytest.mark.slow
def test_a_message_id_that_is_too_long_is_an_error(ocpp_csms, charger):
    """OCPP-J 1.6 §4.2.3 names it among the reasons of a CALLERROR; its id is that of the call."""
    make(charger, ocpp_csms)
    nonsense(ocpp_csms)
    assert raw(ocpp_csms, '[2,"%s","ClearCache",{}]' % ("i" * 36), "i" * 36) == (RESULT, None)
    kind, code = raw(ocpp_csms, '[2,"%s","ClearCache",{}]' % ("i" * 37), "i" * 37)
    assert kind == ERROR and code in STRUCTURE | {"PropertyConstraintViolation", "GenericError"}


def test_nonsense_does_no_harm(ocpp_csms, charger):
    """What can't be answered is ignored: no answer, no second thought, the connection stays."""
    cs = make(charger, ocpp_csms)
    mark = wait_booted(ocpp_csms, cs)
    nonsense(ocpp_csms)
    texts = [
        "",
        "nonsense",
        "null",
        "5",
        '"text"',
        "{}",
        "[]",
        "[2]",
        "[null,null,null]",
        '["2","x","ClearCache",{}]',
        '[true,"x","ClearCache",{}]',
        '[2.0,"x"]',
        '[3,"never-asked",{}]',
        '[4,"never-asked","InternalError","",{}]',
        "[3]",
        '[4,"x"]',
        '[5,"x","ClearCache",{}]',
        '[-1,"x","ClearCache",{}]',
        '[1%s,"x","ClearCache",{}]' % ("0" * 400),
        "[" * 3000,
        '{"a":' * 1000,
        "\ufeff" + '[9,"x",{}]',
    ]
    for text in texts:
        ocpp_csms.send_text([text])
    assert setting(ocpp_csms, "HeartbeatInterval") == "300"
    after = [f for f in list(ocpp_csms.frames) if f.n >= mark and f.sender == "charger"]
    after = [f for f in after if f.action != "SecurityEventNotification"]  # of the start
    answered = [f.text for f in after if f.id not in ("-1", "x", "None", "")]
    assert len(answered) == 1, answered  # that to GetConfiguration
    assert not [f for f in after if f.type in (CALL, RESULT)][1:]
    assert ocpp_csms.opened == 1
