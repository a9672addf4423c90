import json

from support import FakeClock

from ocpp import calls
from ocpp.loopback import Loopback
from ocpp.rpc import RPC, CallError


class Far:
    """Both ends: `r` is under test, frames of the other side are written by hand."""

    def __init__(self, **kw):
        self.clock = FakeClock()
        self.link = Loopback(self.clock)
        self.r = RPC(self.link, self.clock, **kw)
        self.r.on_call = lambda request: {"ok": request.payload}
        self.link.connect("x")
        self.log = []

    def step(self, n=12):
        for _ in range(n):
            self.r.step()

    def got(self):
        """Next frame that the station sent, or None."""
        self.step()
        text = self.link.far.recv()
        return json.loads(text) if text else None

    def say(self, *frame):
        self.link.far.send(json.dumps(frame) if not isinstance(frame[0], str) else frame[0])

    def done(self, result, error):
        self.log.append(result if error is None else error.code)


def test_call_and_result():
    f = Far()
    f.r.call("A", {"x": 1}, f.done)
    frame = f.got()
    assert frame[0] == 2 and frame[2:] == ["A", {"x": 1}] and 0 < len(frame[1]) <= 36
    f.say(3, frame[1], {"y": 2})
    f.step()
    assert f.log == [{"y": 2}] and not f.r.busy


def test_one_outstanding_and_answers_pass():
    f = Far()
    f.r.call("A", {}, f.done)
    f.r.call("B", {}, f.done)
    a = f.got()
    assert f.got() is None
    f.say(2, "q1", "Ask", {"z": 3})
    assert f.got() == [3, "q1", {"ok": {"z": 3}}]
    f.say(3, a[1], {})
    assert f.got()[2] == "B"


def test_call_error():
    f = Far()
    f.r.call("A", {}, f.done)
    frame = f.got()
    f.say(4, frame[1], "InternalError", "oops", {})
    f.step()
    assert f.log == ["InternalError"]


def test_timeout_and_late_answer():
    f = Far(timeout_ms=1000)
    f.r.call("A", {}, f.done)
    frame = f.got()
    f.clock.advance(1001)
    f.step()
    assert f.log == ["Timeout"]
    f.say(3, frame[1], {})
    f.step()
    assert f.log == ["Timeout"]


def test_disconnection_fails_the_outstanding_and_keeps_the_queue():
    f = Far()
    f.r.call("A", {}, f.done)
    f.r.call("B", {}, f.done)
    f.got()
    f.link.disconnect()
    f.step()
    assert f.log == ["Offline"]
    f.link.connect("x")
    assert f.got()[2] == "B"


def test_answer_does_not_cross_connections():
    f = Far()
    kept = []
    f.r.on_call = lambda request: kept.append(request)
    f.say(2, "q1", "Ask", {})
    f.step()
    f.link.disconnect()
    f.link.connect("x")
    f.step()
    kept[0].reply({})
    assert f.got() is None


def test_deferred_answer_once():
    f = Far()
    kept = []
    f.r.on_call = lambda request: kept.append(request)
    f.say(2, "q1", "Ask", {})
    assert f.got() is None
    kept[0].reply({"a": 1})
    kept[0].fail("InternalError")
    assert f.got() == [3, "q1", {"a": 1}]
    assert f.got() is None


def test_handler_errors():
    f = Far()

    def handler(request):
        if request.action == "E":
            raise CallError("NotSupported", "no", {"d": 1})
        raise KeyError("bug")

    f.r.on_call = handler
    f.say(2, "1", "E", {})
    assert f.got() == [4, "1", "NotSupported", "no", {"d": 1}]
    f.say(2, "2", "X", {})
    assert f.got()[2] == "InternalError"


def test_queue_drops_the_oldest():
    f = Far(queue_max=2)
    for action in ("A", "B", "C"):
        f.r.call(action, {}, f.done)
    assert f.log == ["Dropped"] and f.r.dropped == 1
    assert f.got()[2] == "B"


def test_classes_are_held_back():
    f = Far()
    f.r.may_send = lambda klass: klass == calls.BOOT
    f.r.call("Event", {})
    f.r.call("Boot", {}, None, calls.BOOT)
    assert f.got()[2] == "Boot"
    assert f.got() is None


class Source:
    klass = calls.TRANSACTION

    def __init__(self, order):
        self.order = order

    def head(self):
        return self.order

    def take(self):
        self.order = None
        return calls.Call("S", {}, None, self.klass)


def test_sources_take_their_turn_by_order():
    f = Far()
    f.r.call("A", {}, f.done)
    f.r.add_source(Source(f.r.next_order()))
    f.r.call("B", {}, f.done)
    seen = []
    for _ in range(3):
        frame = f.got()
        seen.append(frame[2])
        f.say(3, frame[1], {})
    assert seen == ["A", "S", "B"], seen


def test_a_payload_is_built_when_it_is_sent():
    f = Far()
    f.link.disconnect()
    value = [1]
    f.r.call("A", lambda: {"v": value[0]})
    f.r.call("None", lambda: None, f.done)
    value[0] = 2
    f.link.connect("x")
    frame = f.got()
    assert frame[3] == {"v": 2}
    f.say(3, frame[1], {})
    assert f.got() is None and f.log == ["Dropped"]


def test_garbage_is_survived():
    f = Far()
    codes = []

    def garbage(text, id, what):
        codes.append(id)
        return "FormationViolation" if id else None

    f.r.on_garbage = garbage
    for text in (
        "",
        "x",
        "{}",
        "[]",
        "[2]",
        '[2,"a"]',
        "[3]",
        '[3,"nobody",{}]',
        '[4,"nobody"]',
        "[null,1,2]",
        '[2,"","A",{}]',
        '[2,5,"A",{}]',
        '[true,"a","A",{}]',
    ):
        f.say(text)
        f.step()
    assert f.link.far.recv() is None
    f.say('[2,"id7","A",{"broken"')
    assert f.got() == [4, "id7", "FormationViolation", "malformed JSON", {}]
    f.say('[2,"id8","A",[]]')
    assert f.got()[:3] == [4, "id8", "FormationViolation"]
    f.say('[2,"id9","A"]')
    assert f.got()[:3] == [4, "id9", "FormationViolation"]
    f.say('[2,"%s","A",{}]' % ("i" * 37))  # OCPP-J 1.6 §4.2.3: "unique identifier too long"
    assert f.got()[:3] == [4, "i" * 37, "FormationViolation"]
    f.say('[9,"id10",{}]')
    assert f.got()[:2] == [4, "id10"]
    f.say(2, "q", "Ask", {})
    assert f.got() == [3, "q", {"ok": {}}]


def test_schema_breaks():
    f = Far()

    def check(action, is_request, payload, lenient):
        if payload.get("bad"):
            raise CallError("PropertyConstraintViolation", "bad")

    f.r.check = check
    f.r.call("A", {"bad": 1}, f.done)
    assert f.got() is None and f.log == ["PropertyConstraintViolation"]
    f.r.call("A", {}, f.done)
    f.say(3, f.got()[1], {"bad": 1})
    f.step()
    assert f.log[1:] == ["PropertyConstraintViolation"]
    f.r.on_call = lambda request: {"bad": 1}
    f.say(2, "q", "Ask", {})
    assert f.got()[2] == "InternalError"


def test_an_error_that_is_cut_short():
    f = Far()
    for rest in (["InternalError"], ["InternalError", ""], ["InternalError", 5, []]):
        f.r.call("A", {}, f.done)
        f.say(4, f.got()[1], *rest)
        f.step()
    assert f.log == ["InternalError"] * 3


def test_result_that_is_no_object():
    f = Far()
    for result in ([], "x", 5):
        f.r.call("A", {}, f.done)
        f.say(3, f.got()[1], result)
        f.step()
    assert f.log == ["FormationViolation"] * 3


def test_nothing_may_be_null():
    f = Far()
    f.r.call("A", {}, f.done)
    f.say(3, f.got()[1], None)
    f.step()
    assert f.log == [{}]
    f.say(2, "q", "Ask", None)
    assert f.got() == [3, "q", {"ok": {}}]


def test_calls_that_do_not_wait_are_all_answered():
    f = Far()
    for n in range(20):
        f.say(2, "q%d" % n, "Ask", {})
    frames = [f.got() for _ in range(70)]
    assert [frame[1] for frame in frames if frame] == ["q%d" % n for n in range(20)]


def test_ids_are_never_used_again():
    f = Far()
    seen = set()
    for _ in range(50):
        f.r.call("A", {})
        frame = f.got()
        seen.add(frame[1])
        f.say(3, frame[1], {})
    assert len(seen) == 50


def test_idle_step_allocates_nothing():
    import micropython

    f = Far()
    f.step(10)
    micropython.heap_lock()
    try:
        for _ in range(1000):
            f.r.step()
    finally:
        micropython.heap_unlock()
