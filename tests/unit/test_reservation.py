# marks: slow
# heap: 4M
"""ReserveNow, CancelReservation, and what a reservation does (OCPP 1.6 §3.11, §4.9, §5.1,
§5.13)."""

from central import NOW, Setup
from support import raises

from ocpp.iso import to_iso
from ocpp.rpc import CallError

RESERVE = {"connectorId": 1, "idTag": "MINE", "reservationId": 7}


def ready(connectors=1, settings=None, **more):
    s = Setup(connectors, settings=settings, **more)
    s.told = []
    for event in ("Reserved", "ReservationEnded", "ReservationConflict"):
        s.station.on(event, lambda e, c: s.told.append((e, c and c.id)))
    s.run(500)
    s.csms.forget()
    return s


def reserve(s, number=1, tag="MINE", id=7, seconds=3600, **more):
    until = to_iso(NOW + s.clock.uptime() + seconds)
    more.update(connectorId=number, idTag=tag, reservationId=id, expiryDate=until)
    return s.ask("ReserveNow", more)["status"]


def cancel(s, id=7):
    return s.ask("CancelReservation", {"reservationId": id})["status"]


def shown(s):
    return [c.status for c in s.station.connectors]


def ids(s):
    return [c.reservation for c in s.station.connectors]


def card(s, tag, n=None, ms=1500):
    s.station.present(tag, n)
    s.run(ms)


def starts(s):
    return s.csms.sent("StartTransaction")


def test_reserved_and_cancelled():
    s = ready()
    assert reserve(s) == "Accepted"
    s.run(300)
    assert shown(s) == ["Reserved"] and ids(s) == [7]
    assert cancel(s, 8) == "Rejected" and shown(s) == ["Reserved"]
    assert cancel(s) == "Accepted" and cancel(s) == "Rejected"
    s.run(300)
    assert s.csms.statuses(1) == ["Reserved", "Available"] and ids(s) == [None]
    assert s.told == [("Reserved", 1), ("ReservationEnded", 1)]
    s.run(1000)
    assert s.station.reservations is None  # nothing of it stays in memory


def test_only_the_reserved_identifier_charges():
    s = ready()
    reserve(s)
    s.plug()
    s.run(300)
    assert shown(s) == ["Reserved"]  # §4.9 G2: until the identifier is presented
    card(s, "OTHER")
    assert s.c.authorized is None and starts(s) == []
    assert s.told[-1] == ("ReservationConflict", 1)
    card(s, "mine")
    assert starts(s)[0]["reservationId"] == 7 and starts(s)[0]["idTag"] == "mine"
    assert s.csms.statuses(1) == ["Reserved", "Preparing", "Charging"] and ids(s) == [None]
    card(s, "mine")
    s.unplug()
    s.run(500)
    s.csms.forget()
    s.plug()
    s.run(200)
    card(s, "OTHER")  # it is over
    assert "reservationId" not in starts(s)[0]


def test_card_first_then_the_plug_or_not():
    s = ready(settings={"ConnectionTimeOut": "30"})
    reserve(s)
    card(s, "MINE")
    assert shown(s) == ["Preparing"]
    s.run(31000, 50)
    assert shown(s) == ["Reserved"]  # nobody came, the reservation still holds
    card(s, "MINE")
    s.plug()
    s.run(1500)
    assert starts(s)[0]["reservationId"] == 7


def test_the_group():
    s = ready()
    s.csms.answers["Authorize"] = lambda p: {
        "idTagInfo": {"status": "Accepted", "parentIdTag": "FAM" if p["idTag"] == "DAD" else "X"}
    }
    reserve(s, parentIdTag="fam")
    s.plug()
    s.run(200)
    card(s, "UNCLE")
    assert starts(s) == []
    card(s, "DAD")
    assert starts(s)[0]["reservationId"] == 7 and starts(s)[0]["idTag"] == "DAD"


def test_the_group_from_the_local_list():
    s = ready(settings={"LocalPreAuthorize": "true"})
    info = {"status": "Accepted", "parentIdTag": "FAM"}
    s.station.local_list_install(1, [{"idTag": "DAD", "idTagInfo": info}])
    reserve(s, parentIdTag="FAM")
    s.plug()
    s.run(200)
    card(s, "DAD")
    assert starts(s)[0]["reservationId"] == 7 and s.csms.sent("Authorize") == []


def test_every_refusal():
    s = ready(2)
    reserve(s, 1)
    assert reserve(s, 1, "OTHER", 8) == "Occupied" and reserve(s, 1, "MINE", 8) == "Occupied"
    assert (
        reserve(s, 2, id=8, seconds=0) == "Rejected"
        and reserve(s, 2, id=8, seconds=-9) == "Rejected"
    )
    for number in (3, -1):
        assert reserve(s, number, id=8) == "Rejected"
    s.station.connectors[1].set_error("GroundFailure")
    s.run(200)
    assert reserve(s, 2, id=8) == "Faulted"
    s.station.connectors[1].clear_error()
    s.station.change_availability(2, False)
    assert reserve(s, 2, id=8) == "Unavailable"
    s.station.change_availability(2, True)
    s.plug(2)
    s.run(200)
    assert reserve(s, 2, id=8) == "Occupied"
    card(s, "TAG", 2)
    assert reserve(s, 2, id=8) == "Occupied"
    card(s, "TAG", 2)
    assert shown(s)[1] == "Finishing" and reserve(s, 2, id=8) == "Occupied"
    s.unplug(2)
    s.run(300)
    card(s, "TAG", 2)
    assert shown(s)[1] == "Preparing" and reserve(s, 2, id=8) == "Occupied"
    assert ids(s) == [7, None]


def test_malformed_requests():
    s = ready()
    whole = dict(RESERVE, expiryDate=to_iso(NOW + 600))
    for field in whole:
        rest = dict(whole)
        del rest[field]
        assert s.ask("ReserveNow", rest).code == "OccurenceConstraintViolation", field
    for field, value in (
        ("connectorId", "1"),
        ("idTag", "x" * 21),
        ("expiryDate", "soon"),
        ("reservationId", 1.5),
        ("parentIdTag", 5),
    ):
        wrong = dict(whole)
        wrong[field] = value
        assert isinstance(s.ask("ReserveNow", wrong), CallError), field
    assert isinstance(s.ask("CancelReservation", {}), CallError)
    assert isinstance(s.ask("CancelReservation", {"reservationId": "7"}), CallError)
    assert ids(s) == [None]


def test_not_configured_to_accept():
    s = ready(settings={"ReservationEnabled": "false"})
    assert reserve(s) == "Rejected"
    s = ready(settings={"ReserveConnectorZeroSupported": "false"})
    assert reserve(s, 0) == "Rejected" and reserve(s, 1) == "Accepted"


def test_expiry():
    s = ready()
    assert reserve(s, seconds=5) == "Accepted"
    s.run(4000)
    assert shown(s) == ["Reserved"]
    s.run(2500)
    assert s.csms.statuses(1) == ["Reserved", "Available"] and s.told[-1] == (
        "ReservationEnded",
        1,
    )


def test_it_ends_with_a_fault_and_with_unavailability():
    for change in (
        lambda s: s.c.set_error("OverVoltage"),
        lambda s: s.station.set_error("OverVoltage"),
        lambda s: s.station.change_availability(1, False),
        lambda s: s.station.change_availability(0, False),
    ):
        s = ready()
        reserve(s)
        change(s)
        s.run(1500)
        s.c.clear_error()
        s.station.clear_error()
        s.station.change_availability(0, True)
        s.run(500)
        assert ids(s) == [None] and shown(s) == ["Available"] and cancel(s) == "Rejected"


def test_replacement_by_id():
    s = ready(2)
    assert reserve(s, 1) == "Accepted" and reserve(s, 1, "HERS") == "Accepted"
    s.run(200)
    card(s, "MINE", 1)
    assert s.c.authorized is None
    assert reserve(s, 2, "HERS") == "Accepted"  # it moves
    s.run(200)
    assert ids(s) == [None, 7] and shown(s) == ["Available", "Reserved"]
    s.plug(1)
    s.run(200)
    assert reserve(s, 1, "HERS") == "Occupied"  # then it stays as it was
    assert ids(s) == [None, 7]


def test_any_connector():
    s = ready(2)
    assert reserve(s, 0) == "Accepted"
    s.run(200)
    assert shown(s) == ["Available"] * 2
    s.plug(1)
    s.run(200)
    card(s, "OTHER", 1)
    assert len(starts(s)) == 1 and shown(s) == ["Charging", "Reserved"] and ids(s) == [None, 7]
    card(s, "THIRD", 2)
    assert s.station.connectors[1].authorized is None
    assert reserve(s, 2, "THIRD", 8) == "Occupied"
    card(s, "OTHER", 1)
    s.unplug(1)
    s.run(500)
    assert shown(s) == ["Available"] * 2
    card(s, "MINE", 2)
    s.run(200)
    assert shown(s) == ["Available", "Preparing"]  # it keeps no second one
    s.plug(2)
    s.run(1500)
    assert starts(s)[1]["reservationId"] == 7 and shown(s)[0] == "Available"


def test_as_many_as_there_are_connectors():
    s = ready(2)
    assert reserve(s, 0, "A", 1) == "Accepted" and reserve(s, 0, "B", 2) == "Accepted"
    assert reserve(s, 0, "C", 3) == "Occupied" and reserve(s, 1, "C", 3) == "Occupied"
    s.run(200)
    assert shown(s) == ["Reserved"] * 2 and sorted(ids(s)) == [1, 2]
    s.plug(1)
    s.run(200)
    card(s, "B", 1)
    assert starts(s)[0]["reservationId"] == 2 and ids(s)[1] == 1
    card(s, "C", 2)
    assert len(starts(s)) == 1


def test_the_last_usable_connector_fails():
    s = ready(2)
    reserve(s, 0)
    s.station.change_availability(1, False)
    s.run(1200)
    assert shown(s) == ["Unavailable", "Reserved"]
    s.station.connectors[1].set_error("GroundFailure")
    s.run(1200)
    assert cancel(s) == "Rejected"


def test_a_common_reader_finds_the_reserved_connector():
    s = ready(2)
    reserve(s, 2)
    card(s, "MINE")
    assert [c.authorized for c in s.station.connectors] == [None, "MINE"]
    card(s, "MINE")  # withdrawn
    card(s, "OTHER")
    assert [c.authorized for c in s.station.connectors] == ["OTHER", None]
    s.plug(2)  # where he may not
    s.run(1000)
    assert starts(s) == [] and s.station.connectors[1].authorized is None


def test_remote_start():
    s = ready(2)
    reserve(s, 1)
    start = {"idTag": "OTHER", "connectorId": 1}
    assert s.ask("RemoteStartTransaction", start) == {"status": "Rejected"}
    assert s.ask("RemoteStartTransaction", {"idTag": "MINE"}) == {"status": "Accepted"}
    s.run(200)
    assert s.c.authorized == "MINE"
    s.plug(1)
    s.run(1500)
    assert starts(s)[0]["reservationId"] == 7


def test_remote_start_for_the_group():
    s = ready()
    s.csms.answers["Authorize"] = lambda p: {
        "idTagInfo": {"status": "Accepted", "parentIdTag": "FAM" if p["idTag"] == "DAD" else "X"}
    }
    reserve(s, parentIdTag="FAM")
    s.plug()
    for tag, begun in (("UNCLE", False), ("DAD", True)):
        start = {"idTag": tag, "connectorId": 1}
        assert s.ask("RemoteStartTransaction", start) == {"status": "Accepted"}, tag
        s.run(1500)
        assert bool(starts(s)) == begun, tag
    assert s.csms.sent("Authorize") == [{"idTag": "UNCLE"}, {"idTag": "DAD"}]
    assert starts(s)[0]["reservationId"] == 7


def test_free_vend_is_no_way_round():
    s = ready(settings={"FreeVend": "true", "FreeVendIdTag": "FREE"})
    reserve(s)
    s.plug()
    s.run(1500)
    assert starts(s) == [] and shown(s) == ["Reserved"]
    card(s, "MINE")
    assert starts(s)[0]["idTag"] == "MINE"


def test_over_a_restart():
    s = ready(2)
    reserve(s, 1)
    reserve(s, 0, "ANY", 8)
    t = s.restart()
    t.run(500)
    assert shown(t) == ["Reserved", "Reserved"] and ids(t) == [7, 8]
    t.run(20000, 50)
    assert cancel(t, 8) == "Accepted"
    t.run(300)
    assert shown(t) == ["Reserved", "Available"]


def test_it_expires_while_off_and_without_a_clock():
    s = ready()
    reserve(s, seconds=60)
    t = s.restart(online=False)
    t.run(59000, 50)
    assert shown(t) == ["Reserved"]
    t.run(2500, 50)
    assert shown(t) == ["Available"]
    reserve(s, seconds=60)
    s.clock.advance(100000)
    t = s.restart(clock=s.clock)
    t.run(1500)
    assert shown(t) == ["Available"] and t.station.store.load("reservations") == []


def test_a_power_cut_between_start_and_the_note_of_it():
    s = ready()
    reserve(s)
    kept = s.station.store.load("reservations")
    s.plug()
    s.run(200)
    card(s, "MINE")
    assert len(starts(s)) == 1
    s.station.store.save("reservations", kept)
    t = s.restart()
    t.run(1500)
    assert cancel(t) == "Rejected" and ids(t) == [None]


def test_damaged_entries_are_left_out():
    s = ready()
    good = [3, 1, "A", None, NOW + 900, 900]
    bad = [[], [1], "x", [3, -1, "A", None, 1, 1], [3, 1, 5, None, 1, 1], [3, 1, "A", 5, 1, 1]]
    s.station.store.save("reservations", bad + [good])
    t = s.restart()
    t.run(500)
    assert ids(t) == [3]
    t.station.store.save("reservations", {"a": 1})
    assert ids(t.restart()) == [None]


def test_the_host_enforces_them():
    s = ready()
    asked = []

    def take(*what):
        asked.append(what)
        s.c.reservation = what[0]
        return "Accepted"

    s.station.on_reserve = take
    s.station.on_cancel_reservation = lambda id: id == 7
    s.station.reserved_for = lambda c, id, group: id == "MINE"
    assert reserve(s, parentIdTag="G") == "Accepted"
    assert asked[0][:4] == (7, s.c, "MINE", "G") and asked[0][4] - NOW >= 3600
    assert reserve(s, 0) == "Accepted" and asked[1][1] is None
    assert cancel(s, 8) == "Rejected" and cancel(s, 7) == "Accepted"
    s.run(300)
    assert shown(s) == ["Reserved"]
    s.plug()
    s.run(200)
    card(s, "OTHER")
    assert starts(s) == []
    card(s, "MINE")
    assert starts(s)[0]["reservationId"] == 7


def test_by_the_host():
    s = ready()
    assert s.station.reserve(4, 1, "MINE", None, NOW + 900) == "Accepted"
    s.run(200)
    assert shown(s) == ["Reserved"] and s.station.reserve(4, 9, "A", None, NOW + 900) == "Rejected"
    assert s.station.cancel_reservation(4) is True and s.station.cancel_reservation(4) is False


def test_a_token_handed_to_the_host():
    s = ready(2)
    told = []
    s.station.on_remote_start = lambda *what: told.append(what) or what[0] == "GOOD"
    assert s.ask("RemoteStartTransaction", {"idTag": "GOOD"}) == {"status": "Accepted"}
    start = {"idTag": "BAD", "connectorId": 2}
    assert s.ask("RemoteStartTransaction", start) == {"status": "Rejected"}
    assert told == [("GOOD", None, ""), ("BAD", s.station.connectors[1], "")]
    assert [c.authorized for c in s.station.connectors] == [None, None]
    raises(ValueError, s.station.on, "RemoteStarted", print)
