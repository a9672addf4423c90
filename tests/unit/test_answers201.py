# marks: slow
# heap: 8M
"""As test_answers.py, over OCPP 2.0.1: the events of a transaction come once, in order, without a
gap in
their numbers, and say so if they happened offline (OCPP 2.0.1 E04, E12, E13)."""

from faulty import FaultyWorld, cut, refused, silent, twice
from test_answers import FAULTS, KINDS


def make(connectors=1, settings=None):
    world = FaultyWorld(connectors, settings, "2.0.1")
    s = world.boot()
    s.run(1000)
    return world, s


def transactions(world):
    """transactionId -> payloads of its events, in the order they came. Their numbers have no
    gap."""
    found = {}
    for d in world.csms.deliveries():
        p = d[0].payload
        found.setdefault(p["transactionInfo"]["transactionId"], []).append(p)
    for events in found.values():
        assert [p["seqNo"] for p in events] == list(range(len(events))), events
        stamps = [p["timestamp"] for p in events]
        assert stamps == sorted(stamps), stamps
        types = [p["eventType"] for p in events]
        assert types == ["Started"] + ["Updated"] * (len(types) - 2) + ["Ended"], types
    return found


def register(event):
    """The meter's register at the end of a message, in Wh."""
    return event["meterValue"][-1]["sampledValue"][0]["value"]


def energy_told(world):
    return sum([register(e[-1]) - register(e[0]) for e in transactions(world).values()])


def settled(s):
    assert s.waiting() == (0, 0), s.waiting()
    assert s.station.online and s.c.status == "Available" and not s.c.charging_permitted


def check_answer(kind, name, faults, times, pause):
    world, s = make()
    world.csms.plan[kind] = list(faults)
    s.session(ms=47000)
    s.run(60000)
    assert not world.csms.plan[kind], "faults that did not happen"
    told = world.csms.deliveries()
    at = [d[0].kind for d in told].index(kind)
    assert [len(d) for d in told] == [times if n == at else 1 for n in range(len(told))]
    if times > 1:
        gap = told[at][1].ms - told[at][0].ms
        assert pause <= gap <= pause + 1000, gap
    (events,) = transactions(world).values()
    assert len(events) == 5, events  # charging began, two samples
    assert energy_told(world) == world.flowed > 200
    for d in told:  # what a broken link held up did not happen offline
        if faults[0] is not cut:
            assert "offline" not in d[0].payload, d
    settled(s)


def test_every_answer_of_every_event():
    count = 0
    for kind in KINDS:
        for fault in FAULTS:
            try:
                check_answer(kind, *fault)
            except Exception as e:
                print(kind, fault[0])
                raise e
            count += 1
    assert count == 3 * len(FAULTS)


def test_power_goes_between_event_and_answer():
    for kind in KINDS:
        world, s = make()
        world.csms.plan[kind] = [silent]
        s.begin()
        s.run(25000 if kind != "start" else 100)
        if kind == "stop":
            s.finish()
        assert world.csms.told[-1].kind == kind and not world.csms.plan[kind]
        world.cars = [False]
        s = world.reboot()
        s.run(30000)
        told = world.csms.deliveries()
        assert [len(d) for d in told if d[0].kind == kind][0] == 2, (kind, told)
        assert len(transactions(world)) == 1
        settled(s)


def test_attempts_used_up():
    """Parked: the number it has stays free for it, and is filled when it is told again."""
    for kind in KINDS:
        for restart in (False, True):
            world, s = make()
            world.csms.plan[kind] = [refused] * 3
            s.session(tag="TAG1")
            s.run(60000)
            assert s.waiting() == (0, 1)
            s.session(tag="TAG2")
            s.run(5000)
            told = world.csms.deliveries()
            (given_up,) = [d for d in told if len(d) > 1]
            assert len(given_up) == 3 and given_up[0].kind == kind
            if restart:
                s = world.reboot()
                s.run(5000)
            assert s.waiting() == (0, 1)
            world.csms.told = []
            assert s.station.log.resend() == 1
            s.run(5000)
            assert [t.text for t in world.csms.told] == [given_up[0].text]
            # Without the refused ones, the second time counts.
            world.csms.told = [d[0] for d in told]
            assert len(transactions(world)) == 2
            assert energy_told(world) == world.flowed
            settled(s)


def test_offline_is_said_of_what_happened_offline():
    """Also where it is told again, and again after a restart."""
    world, s = make()
    s.begin()
    s.run(25000)
    s.connection.disconnect()
    s.run(20000)
    s.connect()
    s.run(1000)
    world.csms.plan["stop"] = [silent, silent]
    s.run(20000)
    s.finish()
    s = world.reboot()
    s.run(30000)
    (events,) = transactions(world).values()
    flags = [p.get("offline") for p in events]
    assert flags == [None, None, None, True, None, None], events
    settled(s)


def test_sessions_offline_with_faults_on_two_evses():
    world, s = make(2)
    s.connection.disconnect()
    for n in range(3):
        s.begin(1, "A%d" % n)
        s.run(21000)
        s.begin(2, "B%d" % n)
        s.run(21000)
        s.finish(1, "A%d" % n)
        s.finish(2, "B%d" % n)
    world.csms.plan = {kind: [refused, cut, twice] * 3 for kind in KINDS}
    s.connect()
    s.run(300000)
    assert not any(world.csms.plan.values())
    found = transactions(world)
    assert len(found) == 6
    for events in found.values():
        assert all([p.get("offline") for p in events]), events
    stamps = [d[0].payload["timestamp"] for d in world.csms.deliveries()]
    assert stamps == sorted(stamps)
    assert energy_told(world) == world.flowed
    settled(s)
