# marks: slow
# heap: 8M
# timeout: 180
"""Transaction messages that the central system does not take: parked when the attempts are used
up,
shown, and told again on request (OCPP 1.6 §3.7.2, errata 3.18)."""

from faulty import FaultyWorld, late, refused, silent
from test_answers import KINDS, energy_told, kinds, settled

MINUS_ONE = '"transactionId":-1'


def parked_session(kind, fault):
    """A session of which the first message of `kind` is given up, and a good one behind it."""
    world = FaultyWorld()
    s = world.boot()
    s.run(1000)
    world.csms.plan[kind] = [fault] * 3
    s.session(tag="TAG1")
    s.run(60000)
    assert s.waiting() == (0, 1), s.waiting()
    assert s.c.status == "Available"
    s.session(tag="TAG2")
    s.run(5000)
    assert s.waiting() == (0, 1)
    return world, s


def check_parked(kind, fault, restart):
    world, s = parked_session(kind, fault)
    told = world.csms.deliveries()
    at = {"start": 0, "meter": 1, "stop": 3}[kind]
    assert kinds(told) == ["start", "meter", "meter", "stop"] * 2, kinds(told)
    assert [len(d) for d in told] == [3 if n == at else 1 for n in range(8)]
    if kind == "start":  # what follows is told nevertheless (errata 3.18)
        assert all([MINUS_ONE in d[0].text for d in told[1:4]])
    assert not any([MINUS_ONE in d[0].text for d in told[4:]])
    text = told[at][0].text
    world.csms.told.clear()
    if restart:
        s = world.reboot()
        s.run(5000)
    assert s.waiting() == (0, 1) and not world.csms.told
    assert s.station.log.resend() == 1
    s.run(5000)
    assert [t.text for t in world.csms.told] == [text], (text, world.csms.told)
    settled(s)
    assert s.station.log.resend() == 0
    s.session(tag="TAG3")
    s.run(5000)
    assert len(world.csms.told) == 5


def test_attempts_used_up():
    for kind in KINDS:
        for fault in (refused, silent):
            for restart in (False, True):
                try:
                    check_parked(kind, fault, restart)
                except Exception as e:
                    print(kind, fault, restart)
                    raise e


def test_a_start_given_up_and_told_again_while_it_runs():
    """The transaction learns its id after all, and its end is told with it."""
    world = FaultyWorld()
    s = world.boot()
    s.run(1000)
    world.csms.plan["start"] = [refused] * 3
    s.begin()
    s.run(30000)
    assert s.waiting() == (0, 1) and s.c.charging_permitted and s.c.tx.id is None
    assert s.ask("RemoteStopTransaction", {"transactionId": -1}) == {"status": "Rejected"}
    first = world.csms.told[0].text
    world.csms.told.clear()
    assert s.station.log.resend() == 1
    s.run(2000)
    assert [t.text for t in world.csms.told] == [first] and s.c.tx.id == world.csms.told[0].given
    id = s.c.tx.id
    s.run(20000)
    assert s.ask("RemoteStopTransaction", {"transactionId": id}) == {"status": "Accepted"}
    s.run(2000)
    s.unplug()
    s.run(2000)
    assert kinds(world.csms.deliveries()) == ["start", "meter", "stop"]
    assert [t.payload["transactionId"] for t in world.csms.told[1:]] == [id, id]
    settled(s)


def test_a_central_system_that_refuses_all_for_hours():
    """All is parked, with a restart in between; told again it comes in order and under the ids
    given."""
    world = FaultyWorld(2)
    s = world.boot()
    s.run(1000)
    world.csms.plan = {kind: [refused] * 999 for kind in KINDS}
    for n in range(4):
        s.session(1 + n % 2, "TAG%d" % n, 65000)
        if n == 1:
            s = world.reboot()
            s.run(1000)
    s.run(200000)
    assert s.waiting() == (0, 20), s.waiting()
    world.csms.plan = {}
    world.csms.told.clear()
    assert s.station.log.resend() == 20
    s.run(700)
    s = world.reboot()
    s.run(20000)
    told = world.csms.deliveries()
    assert kinds(told) == ["start", "meter", "meter", "meter", "stop"] * 4, kinds(told)
    for n in range(4):
        ids = [d[0].payload["transactionId"] for d in told[5 * n + 1 : 5 * n + 5]]
        assert ids == [told[5 * n][-1].given] * 4, ids
    assert energy_told(told) == world.flowed
    settled(s)


def test_parked_again():
    """What is refused once more on request is parked once more, not lost and not for ever in the
    way."""
    world, s = parked_session("stop", refused)
    text = [t.text for t in world.csms.told if t.kind == "stop"][0]
    world.csms.told.clear()
    world.csms.plan["stop"] = [refused] * 3
    s.station.log.resend()
    s.run(30000)
    assert s.waiting() == (0, 1) and [t.text for t in world.csms.told] == [text] * 3
    s.session(tag="TAG4")
    s.run(5000)
    assert s.waiting() == (0, 1)
    world.csms.told.clear()
    s.station.log.resend()
    s.run(5000)
    assert [t.text for t in world.csms.told] == [text]
    settled(s)


def test_many_parked_starts():
    """Nothing grows with their number while they are told again: neither memory nor a record on
    flash."""
    world = FaultyWorld(2, {"TransactionMessageAttempts": "1"})
    s = world.boot()
    s.run(1000)
    count = 120
    world.csms.plan["start"] = [refused] * count
    for n in range(count):
        s.session(1 + n % 2, "TAG%d" % n, 200)
    assert s.waiting() == (0, count), s.waiting()
    texts = [t.text for t in world.csms.told if t.kind == "start"]
    world.csms.told.clear()
    assert s.station.log.resend() == count
    s.run(25000)
    assert [t.text for t in world.csms.told] == texts
    settled(s)


def test_told_again_on_request_while_another_waits_for_its_answer():
    """The request comes between a start and its answer: the answer still counts."""
    world, s = parked_session("stop", refused)
    parked = [t.text for t in world.csms.told if t.kind == "stop"][0]
    world.csms.told.clear()
    world.csms.plan["start"] = [late(3000)]
    s.begin(tag="TAG3")
    assert kinds(world.csms.deliveries()) == ["start"] and s.c.tx.id is None
    assert s.station.log.resend() == 2
    s.run(8000)
    assert s.c.tx.id == world.csms.told[0].given
    s.finish(tag="TAG3")
    s.run(5000)
    assert kinds(world.csms.deliveries()) == ["start", "stop", "stop"], world.csms.told
    assert world.csms.told[1].text == parked
    settled(s)


def test_attempts_are_counted_for_each_message_alone():
    """What is told again on request does not inherit the failures of what it goes before."""
    world, s = parked_session("stop", refused)
    world.csms.told.clear()
    world.csms.plan = {"start": [refused, refused], "stop": [refused, refused]}
    s.begin(tag="TAG3")
    s.run(1500)
    s.station.log.resend()
    s.run(30000)
    s.finish(tag="TAG3")
    s.run(30000)
    settled(s)


def test_the_longest_record_can_be_parked():
    """Else a message that is refused for ever would hold up all behind it."""
    world = FaultyWorld()
    s = world.boot()
    s.run(1000)
    s.begin()
    s.connection.disconnect()
    log = s.station.log
    size = 2100
    while True:
        try:
            assert log.append(2, s.c.tx.key, {"wh": 1, "pad": "x" * size})
            break
        except ValueError:
            size -= 1
    assert 1900 < size < 2050
    record = log.head()
    assert len(record.data["pad"]) == size
    assert log.park(record.seq, "\x01" * 80)
    assert s.waiting() == (0, 1)
    ((parked, _why),) = list(log.parked_records())
    assert parked.data == record.data and parked.csms_id == record.csms_id == 1
