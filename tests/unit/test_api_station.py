# marks: slow
# heap: 3M
"""The host's view of the station: operations of either side, resets, authorization, status."""

from central import Setup
from support import raises

from ocpp.rpc import CallError


def ready(connectors=1, **more):
    s = Setup(connectors, **more)
    s.run(500)
    s.csms.forget()
    return s


# -- sending -------------------------------------------------------------------------------------


def test_any_operation_can_be_sent():
    s = ready()
    got = []
    s.station.call("DataTransfer", {"vendorId": "v"}, lambda *answer: got.append(answer))
    s.csms.answers["VendorThing"] = {"x": 1}
    s.station.call("VendorThing", lambda: {"made": "late"}, lambda *answer: got.append(answer))
    s.run(500)
    assert got == [({"status": "Accepted"}, None), ({"x": 1}, None)]
    assert s.csms.sent("VendorThing") == [{"made": "late"}]


def outcome(s, *arguments, ms=500, **named):
    got = []
    s.station.call(*arguments, done=lambda *answer: got.append(answer), **named)
    s.run(ms)
    return got[0]


def test_a_call_that_fails_says_how():
    s = ready()
    s.csms.answers["DataTransfer"] = CallError("InternalError", "no")
    result, error = outcome(s, "DataTransfer", {"vendorId": "v"})
    assert result is None and (error.code, error.description) == ("InternalError", "no")
    assert error.local is False
    s.csms.answers["DataTransfer"] = None
    result, error = outcome(s, "DataTransfer", {"vendorId": "v"}, ms=1500, timeout_ms=1000)
    assert result is None and error.code == "Timeout" and error.local is True
    result, error = outcome(s, "DataTransfer", {})
    assert result is None and error.code == "OccurenceConstraintViolation", error
    assert len(s.csms.sent("DataTransfer")) == 2  # what breaks its schema is not sent


def test_calls_wait_for_the_link_and_the_oldest_is_dropped():
    s = ready()
    s.connection.disconnect()
    got = []
    for n in range(17):
        data = {"vendorId": "v", "data": str(n)}
        s.station.call("DataTransfer", data, lambda result, error: got.append(error))
    assert [e.code for e in got] == ["Dropped"]
    s.connection.connect("ocpp1.6")
    s.run(2000)
    assert [p["data"] for p in s.csms.sent("DataTransfer")] == [str(n) for n in range(1, 17)]


def test_calls_that_are_none():
    station = ready().station
    assert "action" in str(raises(TypeError, station.call, None, {}))
    assert "payload" in str(raises(TypeError, station.call, "Heartbeat", None))
    assert "payload" in str(raises(TypeError, station.call, "Heartbeat", "{}"))


# -- answering -----------------------------------------------------------------------------------


def test_an_operation_of_the_hosts_own():
    s = ready()
    s.station.handle("VendorThing", lambda request: {"got": request.payload["a"]})
    assert s.ask("VendorThing", {"a": 5}) == {"got": 5}
    s.station.handle("VendorThing", None)
    assert s.ask("VendorThing", {"a": 5}).code == "NotImplemented"


def test_a_built_in_answer_replaced_and_put_back():
    s = ready()
    s.station.handle("ClearCache", lambda request: {"status": "Rejected"})
    assert s.ask("ClearCache", {}) == {"status": "Rejected"}
    assert s.ask("ClearCache", {"x": 1}).code == "FormationViolation"  # checked before
    s.station.handle("ClearCache", None)
    assert s.ask("ClearCache", {}) == {"status": "Accepted"}
    s.station.handle("ClearCache", None)  # nothing to put back is no error


def test_an_operation_the_host_does_better():
    s = ready()
    payload = {"location": "http://x/"}
    assert s.ask("GetDiagnostics", payload) == {}  # no host that could send a file
    s.station.handle("GetDiagnostics", lambda request: {"fileName": "log.txt"})
    assert s.ask("GetDiagnostics", payload) == {"fileName": "log.txt"}


def test_an_answer_may_come_later_or_be_an_error():
    s = ready()
    waiting = []
    s.station.handle("ClearCache", waiting.append)
    assert s.ask("ClearCache", {}, ms=500) is None
    s.station.present("TAG1")  # the station goes on meanwhile
    s.run(300)
    assert s.csms.sent("Authorize")
    waiting[0].reply({"status": "Accepted"})
    s.run(100)
    assert list(s.csms.results.values()) == [{"status": "Accepted"}]

    def refuses(request):
        raise CallError("SecurityError", "not you")

    s.station.handle("ClearCache", refuses)
    error = s.ask("ClearCache", {})
    assert (error.code, error.description) == ("SecurityError", "not you")


def test_a_host_that_fails_answers_internal_error():
    s = ready()
    s.station.handle("ClearCache", lambda request: request.payload["missing"])
    assert s.ask("ClearCache", {}).code == "InternalError"
    s.station.handle("ClearCache", lambda request: {"status": "Maybe"})
    assert s.ask("ClearCache", {}).code == "InternalError"  # an answer that breaks its schema
    s.station.handle("ClearCache", None)
    assert s.ask("ClearCache", {}) == {"status": "Accepted"}


def test_data_transfer_by_vendor_and_message():
    s = ready()
    s.station.on_data("v", "one", lambda data: ("Accepted", "1" + data))
    s.station.on_data("v", None, lambda data: ("Rejected", None))
    s.station.on_data("w", "one", lambda data: ("Accepted", None))

    def ask(vendor, message=None):
        payload = {"vendorId": vendor, "data": "x"}
        if message:
            payload["messageId"] = message
        return s.ask("DataTransfer", payload)

    assert ask("v", "one") == {"status": "Accepted", "data": "1x"}
    assert ask("v", "two") == ask("v") == {"status": "Rejected"}
    assert ask("w", "two") == {"status": "UnknownMessageId"}
    assert ask("u") == {"status": "UnknownVendorId"}


def test_functions_that_are_none():
    station = ready().station
    for fn, arguments in (
        (station.handle, ("ClearCache", 5)),
        (station.handle, (None, len)),
        (station.on_data, ("v", None, None)),
        (station.on_data, (None, None, len)),
        (station.on_data, ("v", 5, len)),
        (station.observe, ("Heartbeat", None)),
        (station.observe, (None, len)),
        (station.listen, ("x",)),
    ):
        error = str(raises(TypeError, fn, *arguments))
        assert "function" in error or "text" in error, error
    assert "empty" in str(raises(ValueError, station.handle, "", len))


# -- listening -----------------------------------------------------------------------------------


def test_any_operation_can_be_observed():
    s = ready()
    seen = []
    for action in ("ClearCache", "DataTransfer"):
        s.station.observe(action, lambda event, payload: seen.append((event, payload)))
    s.ask("ClearCache", {})
    s.station.call("DataTransfer", {"vendorId": "v"})
    s.run(300)
    s.csms.answers["DataTransfer"] = CallError("GenericError")
    s.station.call("DataTransfer", {"vendorId": "w"})
    s.run(300)
    assert seen[:5] == [
        ("received", {}),
        ("answered", {"status": "Accepted"}),
        ("sent", {"vendorId": "v"}),
        ("result", {"status": "Accepted"}),
        ("sent", {"vendorId": "w"}),
    ], seen
    assert seen[5][0] == "error" and seen[5][1].code == "GenericError"


def test_every_frame_can_be_heard():
    s = ready()
    heard = []
    s.station.listen(lambda direction, text: heard.append((direction, text)))
    s.ask("ClearCache", {})
    assert heard[0] == ("in", '[2, "c1", "ClearCache", {}]')
    assert heard[1] == ("out", '[3,"c1",{"status":"Accepted"}]')


# -- authorization without consequences ----------------------------------------------------------


def test_authorize_asks_and_does_nothing():
    s = ready()
    told = []
    s.csms.answers["Authorize"] = {
        "idTagInfo": {
            "status": "Accepted",
            "parentIdTag": "FLEET",
            "expiryDate": "2030-01-01T00:00:00Z",
        }
    }
    s.plug()
    s.station.authorize("TAG1", told.append)
    s.run(500)
    info = told[0]
    assert (info.status, info.parent, info.expiry) == ("Accepted", "FLEET", 1893456000)
    assert s.c.authorized is None
    s.csms.answers["Authorize"] = {"idTagInfo": {"status": "Expired"}}
    s.station.authorize("TAG2", told.append)
    s.run(500)
    assert told[1].status == "Expired" and len(told) == 2


def test_the_authorization_cache():
    s = ready(settings={"LocalPreAuthorize": "true"})
    s.station.auth_cache_put({"idTag": "TAG1", "group": "FLEET", "expiry": "2030-01-01T00:00:00Z"})
    told = []
    s.station.authorize("TAG1", told.append)
    assert told[0].parent == "FLEET" and s.csms.sent("Authorize") == []  # at once
    s.station.auth_cache_clear()
    s.station.authorize("TAG1", told.append)
    s.run(300)
    assert len(s.csms.sent("Authorize")) == 1
    raises(ValueError, s.station.auth_cache_put, {"idTag": "TAG1", "expiry": "soon"})
    raises(ValueError, s.station.auth_cache_put, {"idTag": ""})
    raises(KeyError, s.station.auth_cache_put, {})


# -- resets and availability ---------------------------------------------------------------------


def test_a_reset_ends_sessions_and_then_the_host_restarts():
    s = ready()
    kinds = []
    s.station.on_reset = kinds.append
    s.charge()
    assert s.ask("Reset", {"type": "Hard"}) == {"status": "Accepted"}
    s.run(2000)
    assert kinds == ["Hard"] and s.csms.sent("StopTransaction")[0]["reason"] == "HardReset"


def test_a_reset_without_a_host_that_can():
    s = ready()
    assert s.station.reset("Soft") is False
    assert s.ask("Reset", {"type": "Soft"}) == {"status": "Rejected"}


def test_the_host_may_refuse_a_reset():
    s = ready()
    kinds, asked = [], []
    s.station.on_reset = kinds.append
    s.station.reset_allowed = lambda kind: asked.append(kind) or kind != "Soft"
    s.charge()
    assert s.ask("Reset", {"type": "Soft"}) == {"status": "Rejected"}
    s.run(3000)
    assert kinds == [] and s.c.transaction and not s.station.resetting
    assert s.ask("Reset", {"type": "Hard"}) == {"status": "Accepted"}
    s.run(2000)
    assert kinds == ["Hard"] and asked == ["Soft", "Hard"]


def test_availability_by_the_host():
    s = ready(2)
    station = s.station
    assert station.change_availability(2, False) == "Accepted"
    s.run(300)
    assert [c.availability for c in station.connectors] == ["Operative", "Inoperative"]
    assert s.csms.statuses(2) == ["Unavailable"]
    s.charge(1)
    assert station.change_availability(0, False) == "Scheduled"
    assert station.change_availability(0, True) == "Accepted"
    for number in (3, -1, None):
        raises(ValueError, station.change_availability, number, True)


# -- what there is to know -----------------------------------------------------------------------


def test_the_status_of_the_link():
    s = ready(online=False)
    assert s.station.ocpp_status() == {
        "connected": False,
        "version": "1.6",
        "registration": None,
        "queued": 0,
        "parked": 0,
        "newer": [],
        "damaged": 0,
        "last_frame_s": None,
        "error": None,
    }
    assert s.station.online is False
    s.connection.connect("ocpp1.6")
    s.run(500)
    status = s.station.ocpp_status()
    assert (status["connected"], status["registration"], status["last_frame_s"]) == (
        True,
        "Accepted",
        0,
    )
    assert s.station.online is True
    s.station.set_online(False)
    s.plug()
    s.c.begin("TAG1", authorized=True)
    s.run(1000)
    status = s.station.ocpp_status()
    assert status["connected"] is False and status["queued"] == 1 and "network" in status["error"]
    s.station.set_online(True)
    s.run(1000)
    assert s.station.ocpp_status()["queued"] == 0 and s.csms.sent("StartTransaction")
