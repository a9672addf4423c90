# marks: slow
# heap: 4M
# timeout: 240
"""OCPP 2.0.1, blocks D (local list) and H (reservation): cases of our own, from the standard."""

from cases201 import CARD, Case

from ocpp.iso import to_iso

LIST = {"LocalAuthListCtrlr.Enabled": "true", "AuthCtrlr.LocalPreAuthorize": "true"}


def entry(token, status="Accepted", kind="ISO14443", **more):
    found = {"idToken": {"idToken": token, "type": kind}}
    if status:
        found["idTokenInfo"] = dict(more, status=status)
    return found


def send(s, version, entries=(), kind="Full"):
    ask = {"versionNumber": version, "updateType": kind}
    if entries:
        ask["localAuthorizationList"] = list(entries)
    return s.asks("SendLocalList", ask, 3000)["status"]


def version(s):
    return s.asks("GetLocalListVersion", {})["versionNumber"]


def test_D01_full_and_differential():
    s = Case(settings=LIST)
    assert version(s) == 0
    assert send(s, 3, [entry("TAG1"), entry("TAG2", "Blocked")]) == "Accepted"
    assert version(s) == 3
    for older in (3, 2):
        assert send(s, older, [entry("TAG3")], "Differential") == "VersionMismatch"
    changes = [entry("TAG1", None), entry("TAG3")]
    assert send(s, 4, changes, "Differential") == "Accepted" and version(s) == 4
    found = s.station.authorization.listed
    assert found("TAG1") is None and found("TAG2").status == "Blocked"
    assert found("TAG3").status == "Accepted"
    assert send(s, 9) == "Accepted" and version(s) == 0  # an empty list


def test_D01_refused():
    s = Case(settings=dict(LIST, **{"LocalAuthListCtrlr.ItemsPerMessage": "2"}))
    assert send(s, 1, [entry("A"), entry("B"), entry("C")]) == "Failed"
    assert send(s, 0, [entry("A")]) == "Failed"
    assert send(s, 1, [entry("A"), entry("a")]) == "Failed"  # twice the same
    assert send(s, 1, [entry("A", None)]) == "Failed"
    assert version(s) == 0
    off = Case(settings={"LocalAuthListCtrlr.Enabled": "false"})
    assert send(off, 1, [entry("A")]) == "Failed" and version(off) == 0


def test_D01_who_is_listed_charges_without_a_question():
    s = Case(settings=LIST)
    group = {"idToken": "FAMILY", "type": "Central"}
    entries = [entry("TAG1", groupIdToken=group), entry("DAD", groupIdToken=group)]
    assert send(s, 1, entries) == "Accepted"
    s.charge()
    s.card("DAD")
    assert "Authorize" not in s.actions()
    assert s.news()[-1] == ("Ended", "StopAuthorized", "EVConnected", "Local")
    t = s.reboot()
    t.charge()  # offline, after a restart
    t.online()
    t.run(1000)
    assert t.txs()[0]["idToken"] == CARD and t.txs()[0]["offline"] is True


def test_D01_expiry():
    s = Case(settings=LIST)
    send(s, 1, [entry("TAG1", cacheExpiryDateTime="2026-11-21T03:00:20Z")])
    s.charge()
    s.card()
    s.unplugs()
    assert "Authorize" not in s.actions()
    s.run(20000, 50)
    s.charge()
    assert s.actions().count("Authorize") == 1


def test_a_list_by_the_host():
    s = Case(settings=LIST)
    s.station.local_list_install(5, [entry("TAG1")])
    assert version(s) == 5
    s.station.local_list_install(0, [])
    assert version(s) == 0


# -- reservation --


def reserve(s, id=1, evse=None, token="TAG1", seconds=60, **more):
    ask = {
        "id": id,
        "expiryDateTime": to_iso(s.csms.time() + seconds),
        "idToken": {"idToken": token, "type": "ISO14443"},
    }
    ask.update(more)
    if evse:
        ask["evseId"] = evse
    answer = s.asks("ReserveNow", ask)
    s.run(500)
    return answer["status"]


def cancel(s, id):
    answer = s.asks("CancelReservation", {"reservationId": id})
    s.run(500)
    return answer["status"]


def updates(s):
    s.check()
    return [
        (p["reservationId"], p["reservationUpdateStatus"])
        for p in s.csms.sent("ReservationStatusUpdate")
    ]


def test_H01_an_evse():
    s = Case(connectors=2)
    assert reserve(s, 7, 2) == "Accepted"
    assert s.statuses(2) == ["Available", "Reserved"] and s.statuses(1) == ["Available"]
    s.card("OTHER", 2)
    assert s.station.connectors[1].grant is None
    s.card("TAG1", 2)
    assert s.statuses(2)[-1] == "Available"  # H03.FR.10
    s.plugs(2)
    assert s.statuses(2)[-1] == "Occupied"
    first = s.txs()[0]
    assert first["reservationId"] == 7 and first["evse"]["id"] == 2
    assert "reservationId" not in s.last()
    assert updates(s) == [] and cancel(s, 7) == "Rejected"


def test_H01_any_evse():
    s = Case(connectors=2)
    assert reserve(s, 7) == "Accepted"
    assert s.statuses(1)[-1] == s.statuses(2)[-1] == "Available"
    s.charge(1, "OTHER")
    assert s.statuses(2)[-1] == "Reserved"  # as many are free as are reserved
    s.card("STRANGER", 2)
    assert s.station.connectors[1].grant is None
    s.plugs(2)
    assert s.statuses(2)[-1] == "Reserved"  # G03.FR.09
    s.card("TAG1", 2)
    assert s.statuses(2)[-1] == "Occupied"
    assert [e.get("reservationId") for e in s.txs() if e["evse"]["id"] == 2][0] == 7


def test_H01_any_evse_is_not_supported():
    s = Case(settings={"ReservationCtrlr.NonEvseSpecific": "false"})
    assert reserve(s) == "Rejected" and reserve(s, 1, 1) == "Accepted"
    s = Case(settings={"ReservationCtrlr.Enabled": "false"})
    assert reserve(s, 1, 1) == "Rejected"


def test_H01_a_type_of_connector():
    s = Case(settings={"Connector.ConnectorType": "cType2"}, connectors=2)
    assert reserve(s, 1, connectorType="cCCS2") == "Rejected"
    assert reserve(s, 1, connectorType="cType2") == "Accepted"
    assert reserve(s, 2, connectorType="cType2") == "Accepted"
    assert s.statuses(1)[-1] == s.statuses(2)[-1] == "Reserved"
    assert reserve(s, 3, connectorType="cType2") == "Occupied"


def test_H01_what_stands_against_it():
    s = Case(connectors=2)
    assert reserve(s, 1, 3) == "Rejected"
    assert reserve(s, 1, 1, seconds=-5) == "Rejected"
    s.charge(1, "OTHER")
    assert reserve(s, 1, 1) == "Occupied"
    s.station.connectors[1].set_error("GroundFailure")
    s.run(200)
    assert reserve(s, 1, 2) == "Faulted"
    s.station.connectors[1].clear_error()
    s.asks("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": {"id": 2}})
    assert reserve(s, 1, 2) == "Unavailable"


def test_H01_replacement():
    s = Case(connectors=2)
    assert reserve(s, 1, 1) == "Accepted" and reserve(s, 1, 2, "OTHER") == "Accepted"
    assert s.statuses(1)[-1] == "Available" and s.statuses(2)[-1] == "Reserved"
    assert reserve(s, 2, 2) == "Occupied"


def test_H02_cancelled():
    s = Case()
    reserve(s, 4, 1)
    assert cancel(s, 5) == "Rejected" and s.statuses()[-1] == "Reserved"
    assert cancel(s, 4) == "Accepted" and s.statuses()[-1] == "Available"
    assert updates(s) == []


def test_H03_the_group():
    s = Case()
    family = {"idToken": "FAMILY", "type": "Central"}
    s.csms.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", "groupIdToken": family}}
    assert reserve(s, 7, 1, groupIdToken=family) == "Accepted"
    s.plugs()
    s.card("DAD")
    assert s.csms.sent("Authorize")[0]["idToken"]["idToken"] == "DAD"  # H03.FR.08
    assert s.txs()[0]["reservationId"] == 7


def test_H03_a_transaction_that_a_plug_begins():
    """It begins at a reserved EVSE, but only whom it is for is authorized (errata 2.8.4)."""
    s = Case("EVConnected")
    reserve(s, 7, 1)
    s.plugs()
    assert s.news() == [("Started", "CablePluggedIn", "EVConnected", None)]
    s.card("OTHER")
    assert s.news() == [] and not s.c.charging_permitted
    s.card("TAG1")
    s.run(1500)
    assert s.news()[0] == ("Updated", "Authorized", "EVConnected", None)
    assert s.txs()[1]["reservationId"] == 7 and s.c.charging_permitted


def test_H03_remote_start():
    s = Case()
    reserve(s, 7, 1)
    ask = {"idToken": {"idToken": "OTHER", "type": "ISO14443"}, "remoteStartId": 1, "evseId": 1}
    assert s.asks("RequestStartTransaction", ask) == {"status": "Rejected"}
    ask["idToken"] = CARD
    assert s.asks("RequestStartTransaction", ask) == {"status": "Accepted"}
    s.plugs()
    assert s.txs()[0]["reservationId"] == 7


def test_H04_expired():
    s = Case()
    reserve(s, 7, 1, seconds=10)
    s.run(11000)
    assert updates(s) == [(7, "Expired")] and s.statuses()[-1] == "Available"
    t = Case()
    reserve(t, 8, 1, seconds=10)
    u = t.reboot()
    u.run(11000)
    u.online()
    u.run(1500)
    assert updates(u) == [(8, "Expired")] and u.statuses()[-1] == "Available"


def test_H01_a_fault_ends_it():
    s = Case()
    reserve(s, 7, 1)
    s.c.set_error("GroundFailure")
    s.run(2000)
    assert updates(s) == [(7, "Removed")] and s.statuses()[-1] == "Faulted"
    s = Case()
    reserve(s, 7, 1)
    s.asks("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": {"id": 1}})
    s.run(2000)
    assert updates(s) == [(7, "Removed")] and s.statuses()[-1] == "Unavailable"
