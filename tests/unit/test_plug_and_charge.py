# marks: slow
# heap: 4M
"""Plug & Charge: contracts and certificates passed through, in 2.0.1 and over DataTransfer of 1.6;
messages of K15 to K17 for a controller that speaks ISO 15118."""

import json

from central import NOW, Setup
from pki_make import Authority
from support import raises
from test_session201 import setup201

from ocpp.iso import to_iso
from ocpp.rpc import CallError

PNC = "org.openchargealliance.iso15118pnc"
ON = {"ISO15118PnCEnabled": "true"}
EMAID = "DEABCC123456789"
HASHES = [
    {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": "a" * 64,
        "issuerKeyHash": "b" * 64,
        "serialNumber": "1",
        "responderURL": "http://ocsp/",
    }
]


class Controller:
    def __init__(self):
        self.chains = []
        self.asked = 0
        self.good = True

    def schedules(self, connector, schedules):
        pass

    def certificate(self, chain):
        self.chains.append(chain)
        return self.good

    def request(self):
        self.asked += 1
        return self.good


def wired(s):
    s.station.iso15118 = s.controller = Controller()
    s.told = []
    s.run(500)
    return s


def up16(**more):
    return wired(Setup(settings=dict(ON, **more)))


def up201(**more):
    return wired(setup201(settings=dict(ON, **more)))


def present(s, **more):
    s.plug()
    s.run(200)
    s.station.present_contract(
        EMAID, 1, done=lambda status, certified: s.told.append((status, certified)), **more
    )
    s.run(1500)
    return s.told[-1]


# -- contracts --


def test_contract_accepted():
    s = up201()
    s.csms.answers["Authorize"] = {
        "idTokenInfo": {"status": "Accepted"},
        "certificateStatus": "Accepted",
    }
    assert present(s, hashes=HASHES) == ("Accepted", "Accepted")
    (asked,) = s.csms.sent("Authorize")
    assert asked == {
        "idToken": {"idToken": EMAID, "type": "eMAID"},
        "iso15118CertificateHashData": HASHES,
    }
    assert s.c.tx and s.c.tx.id_token == EMAID
    start = s.csms.sent("TransactionEvent")[0]
    assert start["idToken"] == {"idToken": EMAID, "type": "eMAID"}, start


def test_contract_refused():
    for status, certified in (("Invalid", "Accepted"), ("Accepted", "CertificateRevoked")):
        s = up201()
        s.csms.answers["Authorize"] = {
            "idTokenInfo": {"status": status},
            "certificateStatus": certified,
        }
        assert present(s, certificate="PEM") == (status, certified)
        assert s.csms.sent("Authorize")[0]["certificate"] == "PEM"
        assert s.c.tx is None and s.c.grant is None


def test_certificate_only_where_allowed():
    s = up201(CentralContractValidationAllowed="false")
    present(s, certificate="PEM")
    assert "certificate" not in s.csms.sent("Authorize")[0]


def test_contract_offline():
    for allowed, status in (("false", "Invalid"), ("true", "Accepted")):
        s = up201(ContractValidationOffline=allowed)
        s.station.auth_cache_put({"idTag": EMAID})
        s.connection.disconnect()
        s.run(500)
        assert present(s) == (status, None)
        assert (s.c.tx is not None) == (status == "Accepted")


def test_switched_off():
    s = up201(ISO15118PnCEnabled="false")
    raises(ValueError, s.station.present_contract, EMAID, 1)
    raises(ValueError, s.station.present_contract, EMAID, 2)


def data_transfers(s):
    return [
        (p["vendorId"], p["messageId"], json.loads(p["data"])) for p in s.csms.sent("DataTransfer")
    ]


def answering(s, answers):
    """The central system answers DataTransfer with the text of these, by message."""

    def answer(p):
        data = answers.get(p["messageId"])
        if data is None:
            return {"status": "UnknownMessageId"}
        return {"status": "Accepted", "data": data if isinstance(data, str) else json.dumps(data)}

    s.csms.answers["DataTransfer"] = answer


def test_contract_over_data_transfer():
    s = up16()
    answering(
        s, {"Authorize": {"idTokenInfo": {"status": "Accepted"}, "certificateStatus": "Accepted"}}
    )
    assert present(s, certificate="PEM", hashes=HASHES) == ("Accepted", "Accepted")
    assert data_transfers(s) == [
        (
            PNC,
            "Authorize",
            {"idToken": EMAID, "certificate": "PEM", "iso15118CertificateHashData": HASHES},
        )
    ]
    assert s.csms.sent("StartTransaction")[0]["idTag"] == EMAID
    assert s.csms.sent("Authorize") == []


def test_contract_that_nobody_understands():
    for answer in ("{", "[]", {}, None, {"idTokenInfo": 5}):
        s = up16()
        answering(s, {} if answer is None else {"Authorize": answer})
        assert present(s) == ("Invalid", None), answer
        assert s.c.tx is None


# -- certificates --


def test_ev_certificates():
    for s in (up201(), up16()):
        answer = {"status": "Accepted", "exiResponse": "RVhJ"}
        s.csms.answers["Get15118EVCertificate"] = answer
        answering(s, {"Get15118EVCertificate": answer})
        got = []

        def done(exi, why):
            got.append((exi, why))

        schema = "urn:iso:15118:2:2013:MsgDef"
        s.station.get_ev_certificate(schema, "Install", "UkVR", done)
        s.run(500)
        wanted = {"iso15118SchemaVersion": schema, "action": "Install", "exiRequest": "UkVR"}
        if s.station.version == "1.6":
            assert data_transfers(s) == [(PNC, "Get15118EVCertificate", wanted)]
        else:
            assert s.csms.sent("Get15118EVCertificate") == [wanted]
        answer["status"] = "Failed"
        answering(s, {"Get15118EVCertificate": answer})
        s.station.get_ev_certificate(schema, "Update", "UkVR", done)
        s.run(500)
        assert got == [("RVhJ", None), (None, "Failed")], got


def test_certificate_status():
    for s in (up201(), up16()):
        answer = {"status": "Accepted", "ocspResult": "T0NTUA=="}
        s.csms.answers["GetCertificateStatus"] = answer
        answering(s, {"GetCertificateStatus": answer})
        got = []
        s.station.certificate_status(HASHES[0], lambda result, why: got.append((result, why)))
        s.run(500)
        assert got == [("T0NTUA==", None)], got
        s.connection.disconnect()
        s.csms.forget()


def test_certificate_of_the_controller():
    s = up201()
    s.station.sign_v2g_certificate("CSR")
    s.run(500)
    assert s.csms.sent("SignCertificate") == [{"csr": "CSR", "certificateType": "V2GCertificate"}]
    s = up16()
    answering(s, {"SignCertificate": {"status": "Accepted"}})
    s.station.sign_v2g_certificate("CSR")
    s.run(500)
    wanted = {"csr": "CSR", "certificateType": "V2GCertificate"}
    assert data_transfers(s) == [(PNC, "SignCertificate", wanted)]


def test_signed_and_triggered_in_2_x():
    s = up201()
    trigger = {"requestedMessage": "SignV2GCertificate"}
    signed = {"certificateChain": "PEM", "certificateType": "V2GCertificate"}
    assert s.ask("TriggerMessage", trigger) == {"status": "Accepted"} and s.controller.asked == 1
    assert s.ask("CertificateSigned", signed) == {"status": "Accepted"}
    assert s.controller.chains == ["PEM"]
    s.controller.good = False
    assert s.ask("TriggerMessage", trigger) == {"status": "Rejected"}
    assert s.ask("CertificateSigned", signed)["status"] == "Rejected"
    s.station.iso15118 = None
    assert s.ask("TriggerMessage", trigger) == {"status": "NotImplemented"}
    assert s.ask("CertificateSigned", signed)["status"] == "Rejected"


def ask(s, message, data, ms=20000):
    """Answer to a message over DataTransfer: its data, or the status of the transfer."""
    text = data if isinstance(data, str) else json.dumps(data)
    payload = {"vendorId": PNC, "messageId": message, "data": text}
    answer = s.ask("DataTransfer", payload, ms)
    return json.loads(answer["data"]) if answer["status"] == "Accepted" else answer["status"]


def test_certificates_over_data_transfer():
    s = up16()
    assert ask(s, "GetInstalledCertificateIds", {}) == {"status": "NotFound"}
    for use in ("V2GRootCertificate", "MORootCertificate"):
        root = {"certificateType": use, "certificate": Authority(use).pem}
        assert ask(s, "InstallCertificate", root) == {"status": "Accepted"}
    bad = {"certificateType": "MORootCertificate", "certificate": "no"}
    assert ask(s, "InstallCertificate", bad) == {"status": "Rejected"}
    listed = ask(s, "GetInstalledCertificateIds", {})
    assert listed["status"] == "Accepted"
    chains = listed["certificateHashDataChain"]
    uses = sorted([c["certificateType"] for c in chains])
    assert uses == ["MORootCertificate", "V2GRootCertificate"]
    one = ask(s, "GetInstalledCertificateIds", {"certificateType": ["MORootCertificate"]})
    assert len(one["certificateHashDataChain"]) == 1
    gone = {"certificateHashData": one["certificateHashDataChain"][0]["certificateHashData"]}
    assert ask(s, "DeleteCertificate", gone) == {"status": "Accepted"}
    assert ask(s, "DeleteCertificate", gone) == {"status": "NotFound"}


def test_signed_and_triggered_over_data_transfer():
    s = up16()
    chain = {"certificateChain": "PEM", "certificateType": "V2GCertificate"}
    assert ask(s, "CertificateSigned", chain) == {"status": "Accepted"}
    assert s.controller.chains == ["PEM"]
    trigger = {"requestedMessage": "SignV2GCertificate"}
    assert ask(s, "TriggerMessage", trigger) == {"status": "Accepted"}
    s.controller.good = False
    assert ask(s, "CertificateSigned", chain) == {"status": "Rejected"}
    assert ask(s, "TriggerMessage", trigger) == {"status": "Rejected"}
    other = {"requestedMessage": "Heartbeat"}
    assert ask(s, "TriggerMessage", other) == {"status": "NotImplemented"}
    own = {"certificateChain": "PEM", "certificateType": "ChargingStationCertificate"}
    assert ask(s, "CertificateSigned", own) == {"status": "Rejected"}
    s.station.iso15118 = None
    assert ask(s, "TriggerMessage", trigger) == {"status": "Rejected"}


def test_nonsense_over_data_transfer():
    s = up16()
    for message in (
        "InstallCertificate",
        "DeleteCertificate",
        "CertificateSigned",
        "TriggerMessage",
    ):
        for data in ("{", "[]", "5", {}, {"certificateType": 5, "certificateHashData": 5}):
            assert ask(s, message, data) == "Rejected", (message, data)
    assert ask(s, "Reset", {}) == "UnknownMessageId"
    s.station.settings.force("ISO15118PnCEnabled", "false")
    assert ask(s, "TriggerMessage", {}) == "UnknownVendorId"
    s.run(500)
    assert not [e for e in s.station.errors if e.code == "InternalError"]


# -- K15 to K17 --


def test_needs_of_the_ev():
    s = up201()
    s.csms.answers["NotifyEVChargingNeeds"] = {"status": "Processing"}
    s.charge()
    needs = {
        "requestedEnergyTransfer": "AC_three_phase",
        "departureTime": to_iso(NOW + 3600),
        "acChargingParameters": {
            "energyAmount": 20000,
            "evMinCurrent": 6,
            "evMaxCurrent": 32,
            "evMaxVoltage": 230,
        },
    }
    s.station.ev_charging_needs(1, needs, 3, s.told.append)
    s.run(500)
    assert s.csms.sent("NotifyEVChargingNeeds") == [
        {"evseId": 1, "chargingNeeds": needs, "maxScheduleTuples": 3}
    ]
    assert s.told == ["Processing"]
    s.csms.answers["NotifyEVChargingNeeds"] = CallError("InternalError", "")
    s.station.ev_charging_needs(1, needs, done=s.told.append)
    s.run(500)
    assert s.told[-1] is None
    raises(ValueError, s.station.ev_charging_needs, 1, {})
    raises(ValueError, s.station.ev_charging_needs, 2, needs)


def test_schedule_of_the_ev():
    s = up201()
    s.csms.answers["NotifyEVChargingSchedule"] = {"status": "Accepted"}
    schedule = {
        "id": 1,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}],
    }
    s.station.ev_charging_schedule(1, NOW, schedule, s.told.append)
    s.run(500)
    assert s.csms.sent("NotifyEVChargingSchedule") == [
        {"evseId": 1, "timeBase": to_iso(NOW), "chargingSchedule": schedule}
    ]
    assert s.told == ["Accepted"]
    old = up16()
    raises(NotImplementedError, old.station.ev_charging_schedule, 1, NOW, schedule)
    raises(NotImplementedError, old.station.ev_charging_needs, 1, {})
