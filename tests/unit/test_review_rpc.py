# heap: 3M
"""Calls under stress: callbacks that fail, queues that fill, answers nobody waits for any more."""

import json

from central import Setup
from support import FakeClock

from ocpp.clock import Timer
from ocpp.loopback import Loopback
from ocpp.rpc import RPC


def broken(*_):
    raise RuntimeError("a fault of the host's")


def pair():
    clock = FakeClock()
    near = Loopback(clock)
    rpc = RPC(near, clock)
    near.connect("ocpp1.6")
    return clock, near, rpc


def steps(rpc, n=20):
    for _ in range(n):
        rpc.step()


def frames(near):
    out = []
    while True:
        text = near.far.recv()
        if text is None:
            return out
        out.append(json.loads(text))


def test_a_timer_stays_due_however_late_it_is_looked_at():
    clock = FakeClock()
    timer = Timer(clock)
    timer.start(1000)
    for _ in range(24 * 40):
        clock.advance(900000)  # a quarter of an hour, ten days in all
        assert timer.due()
    assert timer.left() == 0


def test_done_that_fails_does_not_escape():
    _clock, near, rpc = pair()
    rpc.call("A", {}, broken)
    rpc.call("B", {})
    steps(rpc)
    near.far.send(json.dumps([3, frames(near)[0][1], {}]))
    steps(rpc)
    assert [f[2] for f in frames(near)] == ["B"]


def test_listener_and_observer_that_fail_do_not_escape():
    _clock, near, rpc = pair()
    rpc.listeners.append(broken)
    rpc.observers["A"] = [broken]
    done = []
    rpc.call("A", {}, lambda result, error: done.append(result))
    steps(rpc)
    near.far.send(json.dumps([3, frames(near)[0][1], {"x": 1}]))
    steps(rpc)
    assert done == [{"x": 1}]


def test_payload_that_fails_ends_its_call_only():
    _clock, near, rpc = pair()
    errors = []
    rpc.call("A", broken, lambda result, error: errors.append(error.code))
    rpc.call("B", {})
    steps(rpc)
    assert [f[2] for f in frames(near)] == ["B"] and errors == ["InternalError"], errors


def test_what_breaks_our_own_schema_is_a_local_error():
    _clock, near, rpc = pair()
    from ocpp.rpc import CallError

    def check(action, is_request, payload, lenient):
        if is_request:
            raise CallError("TypeConstraintViolation", "x")

    rpc.check = check
    errors = []
    rpc.call("A", {"x": 1}, lambda result, error: errors.append((error.code, error.local)))
    steps(rpc)
    assert errors == [("TypeConstraintViolation", True)] and frames(near) == []


def test_many_requests_at_once_are_all_answered_in_order():
    _clock, near, rpc = pair()
    rpc.on_call = lambda request: {}
    for n in range(20):
        near.far.send(json.dumps([2, "q%d" % n, "A", {}]))
    steps(rpc, 200)
    assert [f[1] for f in frames(near)] == ["q%d" % n for n in range(20)]


def test_a_call_that_somebody_waits_for_does_not_wait_in_the_queue_for_ever():
    clock, _near, rpc = pair()
    seen = []
    rpc.call("Slow", {})
    rpc.call("Authorize", {}, lambda result, error: seen.append(error.code), timeout_ms=5000)
    steps(rpc)
    clock.advance(6000)
    steps(rpc)
    assert seen == ["Timeout"], seen


def test_a_call_that_somebody_waits_for_fails_with_the_connection():
    _clock, near, rpc = pair()
    seen = []
    rpc.call("Slow", {})
    rpc.call("Authorize", {}, lambda result, error: seen.append(error.code), timeout_ms=5000)
    rpc.call("Other", {}, lambda result, error: seen.append("other"))
    steps(rpc)
    near.disconnect()
    steps(rpc)
    assert seen == ["Offline"], seen
    near.connect("ocpp1.6")
    steps(rpc)
    assert [f[2] for f in frames(near)] == ["Other"]


def test_the_timeout_counts_from_the_question_not_from_the_sending():
    clock, _near, rpc = pair()
    seen = []
    rpc.call("Slow", {}, timeout_ms=4000)
    rpc.call("Authorize", {}, lambda result, error: seen.append(error.code), timeout_ms=5000)
    steps(rpc)
    for _ in range(11):
        clock.advance(500)
        steps(rpc, 3)
    assert seen == ["Timeout"]


def test_a_full_queue_keeps_the_boot_and_its_size():
    _clock, _near, rpc = pair()
    from ocpp import calls as module

    rpc.may_send = lambda klass: False
    lost = []
    rpc.call("Boot", {}, lambda result, error: lost.append("Boot"), module.BOOT)

    def again(result, error):
        lost.append(1)
        rpc.call("Event", {}, None)

    for _n in range(40):
        rpc.call("Event", {}, again)
    assert "Boot" not in lost and len(rpc._queue) <= 16, (lost, len(rpc._queue))


def test_nothing_is_busy_while_offline():
    s = Setup()
    s.run(1000)
    s.station.call("DataTransfer", {"vendorId": "x"})
    s.csms.answers["DataTransfer"] = None
    s.run(100)
    s.connection.disconnect()
    s.run(500)
    assert not s.station.busy
    s.connection.connect("ocpp1.6")
    s.run(100)
    s.station.call("DataTransfer", {"vendorId": "x"})
    s.connection.disconnect()  # before it is sent
    s.run(500)
    assert not s.station.busy
    s.csms.answers["DataTransfer"] = {"status": "Accepted"}
    s.csms.forget()
    s.connection.connect("ocpp1.6")
    s.run(500)
    assert len(s.csms.sent("DataTransfer")) == 1


def test_a_flood_of_long_questions_is_turned_away():
    s = Setup()
    s.run(1000)
    for n in range(60):
        s.connection.far.send(json.dumps([2, "g%d" % n, "GetConfiguration", {}]))
    for _ in range(100):
        s.run(10)
        assert len(s.station.jobs) <= 9
    s.run(20000)
    answers = [s.csms.results.get("g%d" % n) for n in range(60)]
    assert all(answers), [n for n in range(60) if not answers[n]]
    assert isinstance(answers[0], dict)


def test_no_secret_in_the_log():
    from ocpp.log import log

    s = Setup()
    s.run(500)
    lines = []
    log.sink = lambda level, line: lines.append(line)
    try:
        s.connection.far.send(
            '[2,"1","ChangeConfiguration",{"value":"0123456789abcdef","key":"Auth'
        )
        s.connection.far.send(
            '[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"0123456789abcdef"'
        )
        s.run(500)
    finally:
        log.sink = None
    assert lines and not [x for x in lines if "0123" in x], lines
