# marks: slow
# heap: 4M
"""OCPP 2.0.1 O: display messages set, shown, reported, cleared."""

from central import NOW
from test_session201 import setup201

from ocpp.iso import to_iso
from ocpp.rpc import CallError

ACCEPTED = {"status": "Accepted"}


def up(connectors=1, **more):
    s = setup201(connectors=connectors, **more)
    return wired(s)


def wired(s):
    s.shown = []
    s.station.on_display = lambda messages: s.shown.append([m["id"] for m in messages])
    s.csms.answers["NotifyDisplayMessages"] = {}
    return s


def info(id, priority="NormalCycle", text="Hello", format="UTF8", **more):
    return dict(more, id=id, priority=priority, message={"format": format, "content": text})


def put(s, message):
    answer = s.ask("SetDisplayMessage", {"message": message})
    s.run(1200)
    return answer.code if isinstance(answer, CallError) else answer["status"]


def reported(s, request_id=7, **wanted):
    s.csms.forget()
    answer = s.ask("GetDisplayMessages", dict(wanted, requestId=request_id))
    if answer["status"] != "Accepted":
        assert answer == {"status": "Unknown", "statusInfo": {"reasonCode": "NotFound"}}
        return "Unknown"
    s.run(1500)
    told = s.csms.sent("NotifyDisplayMessages")
    assert [t["tbc"] for t in told] == [True] * (len(told) - 1) + [False], told
    assert all([t["requestId"] == request_id for t in told])
    found = []
    for t in told:
        assert len(t["messageInfo"]) <= 4
        found += t["messageInfo"]
    return found


def ids(s, **wanted):
    found = reported(s, **wanted)
    return found if found == "Unknown" else sorted([m["id"] for m in found])


def test_set_shown_and_cleared():
    s = up()
    assert reported(s) == "Unknown"
    assert put(s, info(1)) == "Accepted" and s.shown == [[1]]
    assert put(s, info(2)) == "Accepted" and s.shown[-1] == [1, 2]
    assert put(s, info(3, "InFront")) == "Accepted" and s.shown[-1] == [3]
    assert put(s, info(4, "AlwaysFront")) == "Accepted" and s.shown[-1] == [4]
    assert put(s, info(5, "AlwaysFront")) == "Accepted" and s.shown[-1] == [5]
    assert ids(s) == [1, 2, 3, 5]  # the newer one replaces
    for id, shown in ((5, [3]), (3, [1, 2]), (1, [2]), (2, [])):
        assert s.ask("ClearDisplayMessage", {"id": id}) == ACCEPTED
        s.run(1200)
        assert s.shown[-1] == shown, (id, s.shown)
    answer = s.ask("ClearDisplayMessage", {"id": 9})
    assert answer == {"status": "Unknown", "statusInfo": {"reasonCode": "NotFound"}}
    s.run(2000)
    assert "display" not in s.station._parts  # nothing is kept in memory


def test_replaced_by_id():
    s = up()
    texts = []
    s.station.on_display = lambda messages: texts.append([m["text"] for m in messages])
    put(s, info(1, text="one"))
    put(s, info(1, "InFront", text="two"))
    assert texts == [["one"], ["two"]] and len(reported(s)) == 1


def test_reported_as_it_came():
    s = up()
    s.charge()
    first = info(
        1,
        "InFront",
        state="Charging",
        startDateTime=to_iso(NOW),
        endDateTime=to_iso(NOW + 9999),
        transactionId=s.c.tx.id,
    )
    first["message"]["language"] = "de"
    second = info(2, text="x" * 512)
    assert put(s, first) == "Accepted" and put(s, second) == "Accepted"
    assert reported(s) == [first, second]


def test_reported_by_criteria():
    s = up()
    for id in range(1, 10):
        priority = "InFront" if id < 3 else "NormalCycle"
        more = {"state": "Charging"} if id % 2 else {}
        assert put(s, info(id, priority, **more)) == "Accepted"
    assert ids(s) == list(range(1, 10))
    assert ids(s, id=[2, 4, 99]) == [2, 4]
    assert ids(s, priority="InFront") == [1, 2]
    assert ids(s, state="Charging") == [1, 3, 5, 7, 9]
    assert ids(s, state="Charging", priority="InFront") == [1]
    assert ids(s, state="Idle") == "Unknown" and ids(s, id=[99]) == "Unknown"


def test_window_of_time():
    s = up()
    now = s.station.clock.unix()
    window = {"startDateTime": to_iso(now + 30), "endDateTime": to_iso(now + 60)}
    assert put(s, info(1, **window)) == "Accepted"
    assert s.shown == [[]] and ids(s) == [1]
    s.run(30000, 100)
    assert s.shown[-1] == [1]
    s.run(30000, 100)
    assert s.shown[-1] == [] and reported(s) == "Unknown"


def test_state_of_the_station():
    s = up()
    for id, state in enumerate(("Idle", "Charging", "Faulted", "Unavailable")):
        assert put(s, info(id, state=state)) == "Accepted"
    assert s.shown[-1] == [0]
    s.charge()
    assert s.shown[-1] == [1]
    s.station.present("TAG1", 1)
    s.run(1000)
    s.unplug()
    s.run(2000)
    s.c.set_error("GroundFailure")
    s.run(2000)
    assert s.shown[-1] == [2]
    s.c.clear_error()
    s.station.change_availability(0, False)
    s.run(2000)
    assert s.shown[-1] == [3]


def test_of_a_transaction():
    s = up(2)
    where = []
    s.station.on_display = lambda messages: where.append([m["connector"] for m in messages])
    assert put(s, info(1, transactionId="none")) == "UnknownTransaction"
    s.charge(2)
    assert put(s, info(1, transactionId=s.station.connectors[1].tx.id)) == "Accepted"
    assert where[-1] == [2]
    s.station.present("TAG1", 2)
    s.run(3000)
    assert where[-1] == [] and reported(s) == "Unknown"


def test_not_supported():
    s = up()
    assert put(s, info(1, format="HTML")) == "NotSupportedMessageFormat"
    assert put(s, info(1, format="URI")) == "NotSupportedMessageFormat"
    for name, text in (("SupportedPriorities", "InFront"), ("SupportedStates", "Idle")):
        s.station.settings.force("DisplayMessageCtrlr." + name, text)
    assert put(s, info(1)) == "NotSupportedPriority"
    assert put(s, info(1, "InFront", state="Charging")) == "NotSupportedState"
    assert put(s, info(1, "InFront", display={"name": "Billboard"})) == "Rejected"
    assert put(s, info(1, "InFront", display={"name": "Display"})) == "Accepted"
    assert put(s, info(2, "InFront", format="ASCII", text="ü")) == "Rejected"
    past, now = to_iso(NOW - 60), to_iso(NOW + 60)
    assert put(s, info(2, "InFront", endDateTime=past)) == "Rejected"
    assert put(s, info(2, "InFront", startDateTime=now, endDateTime=now)) == "Rejected"
    s.station.settings.force("DisplayMessageCtrlr.Enabled", "false")
    answer = s.ask("SetDisplayMessage", {"message": info(3, "InFront")})
    assert answer == {"status": "Rejected", "statusInfo": {"reasonCode": "NotEnabled"}}
    s.station.on_display = None
    for action, payload in (
        ("SetDisplayMessage", {"message": info(3)}),
        ("GetDisplayMessages", {"requestId": 1}),
        ("ClearDisplayMessage", {"id": 1}),
    ):
        assert s.ask(action, payload).code == "NotSupported"


def test_as_many_as_fit():
    s = up()
    for id in range(16):
        assert put(s, info(id)) == "Accepted"
    answer = s.ask("SetDisplayMessage", {"message": info(99)})
    assert answer == {"status": "Rejected", "statusInfo": {"reasonCode": "TooManyElements"}}
    assert put(s, info(3, text="new")) == "Accepted"
    assert len(reported(s)) == 16


def test_over_a_restart():
    s = up()
    put(s, info(1))
    s.charge()
    put(s, info(2, "InFront", transactionId=s.c.tx.id))
    t = s.restart(config=s.config, online=False)
    wired(t)
    t.run(2000)
    assert t.shown[-1] == [1]  # that of the transaction went with it
    t.connection.connect("ocpp2.0.1")
    t.run(1000)
    assert ids(t) == [1]


def test_bad_fields():
    s = up()
    for change, code in (
        ({"priority": "First"}, "PropertyConstraintViolation"),
        ({"id": "1"}, "TypeConstraintViolation"),
        ({"state": "Busy"}, "PropertyConstraintViolation"),
        ({"endDateTime": "soon"}, "PropertyConstraintViolation"),
        ({"message": {"format": "UTF8"}}, "OccurrenceConstraintViolation"),
        ({"message": {"format": "UTF8", "content": "x" * 513}}, "PropertyConstraintViolation"),
        ({"more": 1}, "FormatViolation"),
    ):
        assert put(s, dict(info(1), **change)) == code, change
    assert s.ask("SetDisplayMessage", {}).code == "OccurrenceConstraintViolation"
    for payload in ({}, {"requestId": 1, "id": []}, {"requestId": 1, "priority": "x"}):
        assert s.ask("GetDisplayMessages", payload).code.endswith("Violation")
    for payload in ({}, {"id": "x"}, {"id": 1.5}):
        assert s.ask("ClearDisplayMessage", payload).code.endswith("Violation")
    assert reported(s) == "Unknown"


def test_variables():
    s = up()
    put(s, info(1))

    def get(name):
        item = {"component": {"name": "DisplayMessageCtrlr"}, "variable": {"name": name}}
        return s.ask("GetVariables", {"getVariableData": [item]}, 2000)["getVariableResult"][0]

    assert get("DisplayMessages")["attributeValue"] == "1"
    assert get("Available")["attributeValue"] == "true"
    assert get("SupportedFormats")["attributeValue"] == "ASCII,UTF8"
    assert get("SupportedPriorities")["attributeValue"] == "AlwaysFront,InFront,NormalCycle"
