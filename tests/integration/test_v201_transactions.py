"""Test cases of OCPP 2.0.1 part 6 over a socket, with the simulated car, cable, lock and bay."""

import pytest

pytestmark = pytest.mark.slow

CARD = {"idToken": "DEADBEEF", "type": "ISO14443"}
START, STOP = "TxCtrlr.TxStartPoint", "TxCtrlr.TxStopPoint"


class Case:
    """A charger under 2.0.1 and its CSMS; `tx` and `status` are what is told next."""

    def __init__(self, charger, csms, **more):
        more.setdefault("speed", 10)
        self.csms = csms
        self.cs = charger(csms, ocpp={"version": "2.0.1"}, **more)
        for evse in range(1, more.get("connectors", 2) + 1):
            self.status("Available", evse)

    def status(self, word, evse=1):
        return self.csms.wait_for(
            "StatusNotification",
            lambda p: p["evseId"] == evse and p["connectorStatus"] == word,
        )

    def tx(self, trigger, state=None, kind=None, why=None):
        """The next TransactionEvent, which must be this one."""
        event = self.csms.wait_for("TransactionEvent")
        info = event["transactionInfo"]
        assert event["triggerReason"] == trigger, event
        assert state in (None, info.get("chargingState")), event
        assert kind in (None, event["eventType"]), event
        assert info.get("stoppedReason") == why, event
        return event

    def plug(self, evse=1, **more):
        self.cs.act(evse, "plug", **more)
        self.status("Occupied", evse)

    def ask(self, action, **payload):
        return self.csms.call(action, payload)


@pytest.fixture
def case(charger, ocpp_csms):
    return lambda **more: Case(charger, ocpp_csms, **more)


def test_a_parking_bay_begins_and_ends_it(case):
    """TC_E_12_CS, TC_E_19_CS, TC_C_13_CS."""
    s = case(settings={START: "ParkingBayOccupancy", STOP: "ParkingBayOccupancy"})
    s.cs.act(1, "parking", occupied=True)
    assert s.tx("EVDetected", "Idle", "Started")["evse"] == {"id": 1, "connectorId": 1}
    s.cs.card("DEADBEEF", connector=1)
    assert s.tx("Authorized", "Idle", "Updated")["idToken"] == CARD
    s.plug()
    s.tx("CablePluggedIn", "EVConnected", "Updated")
    s.tx("ChargingStateChanged", "Charging", "Updated")
    s.cs.card("DEADBEEF", connector=1)
    s.tx("StopAuthorized", "Charging", "Updated")
    s.tx("ChargingStateChanged", "EVConnected", "Updated")
    s.cs.act(1, "unplug", side="station")  # the lock is open
    s.status("Available")
    s.tx("EVCommunicationLost", "Idle", "Updated")
    s.cs.act(1, "parking", occupied=False)
    s.tx("EVDeparted", "Idle", "Ended", "Local")


def test_the_flow_of_energy_begins_it_and_the_car_ends_it(case):
    """TC_E_02_CS, TC_E_22_CS."""
    s = case(settings={START: "EnergyTransfer", STOP: "EnergyTransfer"})
    s.cs.card("DEADBEEF", connector=1)
    s.plug(ev="B")
    s.cs.act(1, "ev", state="C")
    first = s.tx("ChargingStateChanged", "Charging", "Started")
    assert first["idToken"] == CARD and first["meterValue"]
    s.cs.act(1, "ev", state="B")
    s.tx("ChargingStateChanged", "EVConnected", "Ended", "StoppedByEV")
    s.cs.wait_connector(1, transaction=None)


@pytest.mark.parametrize("lock", [True, False])
def test_a_car_that_is_unplugged_and_comes_back(case, lock):
    """TC_E_26_CS."""
    settings = {
        STOP: "Authorized",
        "TxCtrlr.StopTxOnEVSideDisconnect": "false",
        "OCPPCommCtrlr.UnlockOnEVSideDisconnect": "false",
    }
    s = case(settings=settings, connector_lock=lock, speed=4)
    s.plug()
    s.cs.card("DEADBEEF", connector=1)
    s.tx("Authorized", "EVConnected", "Started")
    s.tx("ChargingStateChanged", "Charging", "Updated")
    s.cs.act(1, "ev", state="B")
    s.tx("ChargingStateChanged", "SuspendedEV", "Updated")
    s.cs.act(1, "unplug")
    if not lock:
        s.status("Available")
    s.tx("EVCommunicationLost", "Idle", "Updated")
    s.cs.act(1, "plug")
    s.tx("CablePluggedIn", "EVConnected", "Updated")
    s.tx("ChargingStateChanged", "Charging", "Updated")
    s.cs.wait_connector(1, relay=True, status="Occupied")


def test_unplugged_at_the_car_with_the_cable_kept(case):
    """TC_E_17_CS, TC_E_25_CS."""
    settings = {STOP: "Authorized", "OCPPCommCtrlr.UnlockOnEVSideDisconnect": "false"}
    s = case(settings=settings)
    s.plug()
    s.cs.card("DEADBEEF", connector=1)
    s.tx("Authorized", "EVConnected", "Started")
    s.tx("ChargingStateChanged", "Charging", "Updated")
    s.cs.act(1, "unplug")
    s.tx("EVCommunicationLost", "Idle", "Ended", "EVDisconnected")
    s.cs.wait_connector(1, locked=True, status="Occupied")
    s.cs.card("DEADBEEF", connector=1)
    s.status("Available")
    s.cs.wait_connector(1, locked=False)


def test_an_unknown_evse(case):
    """TC_J_08_CS."""
    s = case(settings={START: "Authorized"})
    s.cs.card("DEADBEEF")
    first = s.tx("Authorized", "Idle", "Started")
    assert "evse" not in first and "meterValue" not in first
    s.plug(2)
    second = s.tx("CablePluggedIn", "EVConnected", "Updated")
    assert second["evse"] == {"id": 2, "connectorId": 1}
    assert second["meterValue"][0]["sampledValue"][0]["context"] == "Transaction.Begin"
    s.tx("ChargingStateChanged", "Charging", "Updated")
    s.cs.wait_connector(2, relay=True)


def test_a_start_button_and_an_unlock(case):
    """C02; TC_F_05_CS, TC_F_06_CS, TC_F_10_CS."""
    s = case()
    s.plug()
    s.cs.post("/api/auth", {"idTag": "", "type": "NoAuthorization", "connector": 1})
    nobody = {"idToken": "", "type": "NoAuthorization"}
    assert s.tx("Authorized", "EVConnected", "Started")["idToken"] == nobody
    assert s.csms.calls("Authorize") == []
    s.tx("ChargingStateChanged", "Charging", "Updated")
    answer = s.ask("UnlockConnector", evseId=1, connectorId=1)
    assert answer == {"status": "OngoingAuthorizedTransaction"}
    assert s.ask("UnlockConnector", evseId=2, connectorId=1) == {"status": "Unlocked"}
    assert s.ask("UnlockConnector", evseId=1, connectorId=999) == {"status": "UnknownConnector"}


def test_a_lock_that_jams(case):
    """G05."""
    s = case()
    s.cs.act(1, "lock", jam=True)
    s.plug()
    s.cs.card("DEADBEEF", connector=1)
    event = s.csms.wait_for("NotifyEvent")["eventData"][0]
    assert event["component"]["name"] == "ConnectorPlugRetentionLock"
    assert event["variable"]["name"] == "Problem" and event["actualValue"] == "true"
    s.status("Faulted")
    assert not s.cs.connector(1)["relay"]


def test_a_reservation_is_used(case):
    """H01, H03."""
    s = case()
    answer = s.ask(
        "ReserveNow",
        id=7,
        evseId=2,
        idToken=CARD,
        expiryDateTime="2099-01-01T00:00:00Z",
    )
    assert answer == {"status": "Accepted"}
    s.status("Reserved", 2)
    s.cs.card("DEADBEEF", connector=2)
    s.status("Available", 2)
    s.plug(2)
    assert s.tx("CablePluggedIn", "EVConnected", "Started")["reservationId"] == 7


def test_a_master_pass(case):
    """TC_C_49_CS."""
    s = case(settings={"AuthCtrlr.MasterPassGroupId": "MASTER"})
    group = {"idToken": "MASTER", "type": "Central"}
    for evse in (1, 2):
        s.plug(evse)
        s.cs.card("DEADBEEF", connector=evse)
        s.tx("Authorized", "EVConnected", "Started")
        s.tx("ChargingStateChanged", "Charging", "Updated")
    info = {"idTokenInfo": {"status": "Accepted", "groupIdToken": group}}
    s.csms.on("Authorize", info)
    s.cs.card("POLICE")
    for _ in (1, 2):
        event = s.tx("StopAuthorized", "EVConnected", "Ended", "MasterPass")
        assert event["idToken"]["idToken"] == "POLICE"


def test_signed_data_begins_it(case):
    """TC_E_11_CS, TC_J_11_CS."""
    settings = {
        START: "DataSigned",
        "SampledDataCtrlr.SignReadings": "true",
        "OCPPCommCtrlr.PublicKeyWithSignedMeterValue": "OncePerTransaction",
    }
    s = case(settings=settings)
    s.cs.act(1, "meter", signed=True)
    s.cs.card("DEADBEEF", connector=1)
    s.plug()
    first = s.tx("SignedDataReceived", "EVConnected", "Started")
    assert first["idToken"] == CARD
    signed = [v for v in _sampled(first) if "signedMeterValue" in v]
    assert [v["context"] for v in signed] == ["Transaction.Begin"]
    value = signed[0]["signedMeterValue"]
    assert value["signedMeterData"] and value["encodingMethod"] and value["publicKey"]
    assert "signingMethod" in value  # empty: the data tells it
    s.tx("ChargingStateChanged", "Charging", "Updated")
    s.cs.card("DEADBEEF", connector=1)
    end = s.tx("StopAuthorized", "EVConnected", "Ended", "Local")
    contexts = [v["context"] for v in _sampled(end) if "signedMeterValue" in v]
    assert contexts == ["Transaction.Begin", "Transaction.End"]


def _sampled(event):
    return [v for m in event["meterValue"] for v in m["sampledValue"]]


def test_stopped_while_offline(case):
    """TC_E_31_CS, TC_E_44_CS."""
    s = case(settings={"SampledDataCtrlr.TxUpdatedInterval": "10"})
    s.plug()
    s.cs.card("DEADBEEF", connector=1)
    id = s.tx("Authorized", "EVConnected", "Started")["transactionInfo"]["transactionId"]
    s.tx("ChargingStateChanged", "Charging", "Updated")
    mark = s.csms.mark()
    s.cs.post("/api/network", {"online": False})
    s.csms.wait_disconnected()
    s.cs.card("DEADBEEF", connector=1)
    s.cs.wait_connector(1, transaction=None)
    s.cs.post("/api/network", {"online": True})
    end = s.csms.wait_for("TransactionEvent", lambda p: p["eventType"] == "Ended", since=mark)
    assert end["offline"] is True and end["transactionInfo"]["stoppedReason"] == "Local"
    s.cs.wait_until(lambda status: status["ocpp"]["queued"] == 0)
    answer = s.ask("GetTransactionStatus", transactionId=id)
    assert answer == {"ongoingIndicator": False, "messagesInQueue": False}
