"""Reservations over a real connection (OCPP 1.6 §5.1, §5.13)."""

from datetime import datetime, timedelta, timezone

import pytest
from core16 import ready, refused, wait_reports

pytestmark = pytest.mark.slow


def in_(seconds):
    moment = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def reserve(csms, number, tag, id=5, seconds=36000, **more):
    more.update(connectorId=number, idTag=tag, reservationId=id, expiryDate=in_(seconds))
    return csms.call("ReserveNow", more)["status"]


def cancel(csms, id=5):
    return csms.call("CancelReservation", {"reservationId": id})["status"]


def test_reserved_used_and_over(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    ocpp_csms.facts.tokens["GUEST"] = "Accepted"
    assert reserve(ocpp_csms, 1, "DEADBEEF") == "Accepted"
    cs.wait_connector(1, status="Reserved", reservation=5)
    assert reserve(ocpp_csms, 1, "GUEST", 6) == "Occupied"
    cs.act(1, "plug")
    cs.card("GUEST", connector=1)
    assert refused(cs, ocpp_csms)
    request = {"connectorId": 1, "idTag": "GUEST"}
    assert ocpp_csms.call("RemoteStartTransaction", request) == {"status": "Rejected"}
    cs.card("DEADBEEF", connector=1)
    start = ocpp_csms.wait_for("StartTransaction")
    assert start["reservationId"] == 5 and start["idTag"] == "DEADBEEF"
    cs.wait_connector(1, status="Charging", reservation=None)
    wait_reports(ocpp_csms, 1, ["Reserved", "Preparing", "Charging"], mark)
    assert cancel(ocpp_csms) == "Rejected"


def test_cancelled_after_a_power_cut(ocpp_csms, charger):
    cs, _ = ready(charger, ocpp_csms)
    assert reserve(ocpp_csms, 2, "DEADBEEF") == "Accepted"
    cs.kill()
    cs.start()
    cs.wait_accepted()
    cs.wait_connector(2, status="Reserved", reservation=5)
    assert cancel(ocpp_csms) == "Accepted" and cancel(ocpp_csms) == "Rejected"
    cs.wait_connector(2, status="Available", reservation=None)


def test_it_expires(ocpp_csms, charger):
    cs, mark = ready(charger, ocpp_csms)
    seconds = cs.status()["uptime_s"] + 30  # ten times as fast
    assert reserve(ocpp_csms, 1, "DEADBEEF", seconds=seconds) == "Accepted"
    wait_reports(ocpp_csms, 1, ["Reserved", "Available"], mark)


def test_one_connector_stays_free(ocpp_csms, charger):
    cs, _ = ready(charger, ocpp_csms)
    ocpp_csms.facts.tokens["GUEST"] = "Accepted"
    assert reserve(ocpp_csms, 0, "DEADBEEF") == "Accepted"
    cs.act(1, "plug")
    cs.card("GUEST", connector=1)
    cs.wait_connector(1, status="Charging")
    cs.wait_connector(2, status="Reserved")
    cs.act(2, "plug")
    cs.card("DEADBEEF", connector=2)
    assert (
        ocpp_csms.wait_for("StartTransaction", lambda p: p["connectorId"] == 2)["reservationId"]
        == 5
    )


def test_a_fault_ends_it(ocpp_csms, charger):
    cs, _ = ready(charger, ocpp_csms)
    assert reserve(ocpp_csms, 1, "DEADBEEF") == "Accepted"
    cs.post("/api/connectors/1/fault", {"code": "GroundFailure"})
    cs.wait_connector(1, status="Faulted", reservation=None)
    assert reserve(ocpp_csms, 1, "DEADBEEF") == "Faulted"
    assert cancel(ocpp_csms) == "Rejected"
