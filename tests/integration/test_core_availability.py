"""ChangeAvailability and the status Unavailable (OCPP 1.6 §5.2, §4.9: column 8, row H). Names of
tests: rows and columns of the table of transitions."""

import time

import pytest
from core16 import (
    A,
    C,
    F,
    P,
    U,
    availability,
    charge,
    make,
    payloads,
    ready,
    remote_stop,
    reports,
    wait_reports,
)

# -- unavailable -------------------------------------------------------------------------------


def test_a8_h1_out_of_service_and_back(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    for kind, wanted in (("Inoperative", [U]), ("Operative", [U, A])):
        assert availability(ocpp_csms, 1, kind) == "Accepted"
        wait_reports(ocpp_csms, 1, wanted, mark)
        assert cs.connector(1)["availability"] == kind
        assert availability(ocpp_csms, 1, kind) == "Accepted"  # what it is already
    time.sleep(0.2)
    assert len(reports(ocpp_csms, 1, mark)) == 2
    assert reports(ocpp_csms, 0, mark) == reports(ocpp_csms, 2, mark) == []


@pytest.mark.slow
def test_h2_a_car_came_meanwhile(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    availability(ocpp_csms, 1, "Inoperative")
    wait_reports(ocpp_csms, 1, [U], mark)
    cs.act(1, "plug")
    cs.card("DEADBEEF", connector=1)
    request = {"idTag": "DEADBEEF", "connectorId": 1}
    assert ocpp_csms.call("RemoteStartTransaction", request) == {"status": "Rejected"}
    time.sleep(0.4)
    assert cs.connector(1)["status"] == U
    assert payloads(ocpp_csms, "StartTransaction") == []
    availability(ocpp_csms, 1, "Operative")
    wait_reports(ocpp_csms, 1, [U, P], mark)
    cs.card("DEADBEEF", connector=1)
    wait_reports(ocpp_csms, 1, [U, P, C], mark)


@pytest.mark.slow
def test_h3_free_vend_starts_once_it_may(ocpp_csms, charger):
    """A station without authorization means needs no action of its user."""
    settings = {"FreeVend": "true", "FreeVendIdTag": "FREE"}
    ocpp_csms.facts.tokens = {"FREE": "Accepted"}
    cs, mark = ready(charger, ocpp_csms, settings=settings)
    availability(ocpp_csms, 1, "Inoperative")
    wait_reports(ocpp_csms, 1, [U], mark)
    cs.act(1, "plug")
    time.sleep(0.3)
    assert payloads(ocpp_csms, "StartTransaction") == []
    availability(ocpp_csms, 1, "Operative")
    assert ocpp_csms.wait_for("StartTransaction", timeout=5)["idTag"] == "FREE"
    cs.wait_connector(1, status=C)


@pytest.mark.parametrize("connector", [1, 0])
@pytest.mark.slow
def test_c6_f8_scheduled_while_charging(ocpp_csms, charger, connector):
    cs, mark = ready(charger, ocpp_csms)
    start = charge(cs, ocpp_csms)
    wait_reports(ocpp_csms, 1, [P, C], mark)
    assert availability(ocpp_csms, connector, "Inoperative") == "Scheduled"
    time.sleep(0.2)
    assert cs.connector(1)["status"] == C and cs.connector(1)["relay"]
    if connector == 0:  # what is not charging is out of service at once
        wait_reports(ocpp_csms, 2, [U], mark)
    remote_stop(ocpp_csms, start)
    wait_reports(ocpp_csms, 1, [P, C, F], mark)
    cs.act(1, "unplug")
    wait_reports(ocpp_csms, 1, [P, C, F, U], mark)
    if connector == 0:
        wait_reports(ocpp_csms, 0, [U], mark)


@pytest.mark.slow
def test_scheduled_and_called_off(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    start = charge(cs, ocpp_csms)
    assert availability(ocpp_csms, 1, "Inoperative") == "Scheduled"
    assert availability(ocpp_csms, 1, "Operative") == "Accepted"
    remote_stop(ocpp_csms, start)
    cs.wait_connector(1, status=F)
    cs.act(1, "unplug")
    wait_reports(ocpp_csms, 1, [P, C, F, A], mark)


def test_connector_zero_and_back(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    assert availability(ocpp_csms, 0, "Inoperative") == "Accepted"
    for n in (0, 1, 2):
        wait_reports(ocpp_csms, n, [U], mark)
    cs.card("DEADBEEF")
    time.sleep(0.2)
    assert availability(ocpp_csms, 0, "Operative") == "Accepted"
    for n in (0, 1, 2):
        wait_reports(ocpp_csms, n, [U, A], mark)
    assert payloads(ocpp_csms, "StartTransaction") == []


@pytest.mark.slow
def test_unknown_connectors(ocpp_csms, charger):
    make(charger, ocpp_csms)
    for connector in (3, -1, 2147483647):
        assert availability(ocpp_csms, connector, "Inoperative") == "Rejected"


@pytest.mark.parametrize("how", ["kill", "stop", "soft", "reboot"])
@pytest.mark.slow
def test_unavailable_survives_a_restart(ocpp_csms, charger, how):
    cs, _ = ready(charger, ocpp_csms)
    assert availability(ocpp_csms, 2, "Inoperative") == "Accepted"
    ocpp_csms.wait_for("StatusNotification", lambda p: p["status"] == U)
    mark = ocpp_csms.mark()
    if how == "soft":
        ocpp_csms.call("Reset", {"type": "Soft"})
    elif how == "reboot":
        cs.post("/api/reboot", {"reason": "PowerUp"})
    else:
        getattr(cs, how)()
        cs.start()
    ocpp_csms.wait_for("BootNotification", since=mark)
    for n, wanted in ((0, A), (1, A), (2, U)):
        wait_reports(ocpp_csms, n, [wanted], mark)
    assert cs.connector(2)["availability"] == "Inoperative"


@pytest.mark.slow
def test_the_whole_station_stays_unavailable_over_a_restart(ocpp_csms, charger):
    cs, _ = ready(charger, ocpp_csms)
    availability(ocpp_csms, 0, "Inoperative")
    cs.wait_connector(1, status=U)
    cs.kill()
    mark = ocpp_csms.mark()
    cs.start()
    for n in (0, 1, 2):
        wait_reports(ocpp_csms, n, [U], mark)
    assert availability(ocpp_csms, 0, "Operative") == "Accepted"
    for n in (0, 1, 2):
        wait_reports(ocpp_csms, n, [U, A], mark)
