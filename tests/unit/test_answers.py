# marks: slow
# heap: 8M
# timeout: 180
"""Answers of the central system that are lost, late, doubled or foreign, and transaction ids of
every
kind: each transaction is told once, whole, in order, under the id it was given (OCPP 1.6 §3.7)."""

from faulty import (
    PAUSE,
    TIMEOUT,
    FaultyWorld,
    cut,
    foreign,
    late,
    refused,
    refused_foreign,
    refused_then_answered,
    silent,
    torn,
    twice,
)

KINDS = ("start", "meter", "stop")

# (name, faults of the first deliveries, deliveries in all, least pause before the second one in
# ms)
FAULTS = (
    ("lost", [silent], 2, TIMEOUT + PAUSE),
    ("lost twice", [silent, silent], 3, TIMEOUT + PAUSE),
    ("late, while nothing is asked", [late(TIMEOUT + 1000)], 2, TIMEOUT + PAUSE),
    ("late, while it is asked again", [late(TIMEOUT + 3000), late(3000)], 2, TIMEOUT + PAUSE),
    ("late, when all is told", [late(TIMEOUT + 40000)], 2, TIMEOUT + PAUSE),
    ("doubled", [twice], 1, 0),
    ("refused", [refused], 2, PAUSE),
    ("refused, then answered", [refused_then_answered], 2, PAUSE),
    ("foreign", [foreign], 2, TIMEOUT + PAUSE),
    ("a foreign refusal", [refused_foreign], 2, TIMEOUT + PAUSE),
    ("torn", [torn], 2, TIMEOUT + PAUSE),
    ("link cut", [cut], 2, 3000),
    # A broken link says nothing about the message: it uses up no attempt.
    ("link cut again and again", [cut] * 6, 7, 3000),
    ("all of it", [silent, cut, refused, cut], 5, TIMEOUT + PAUSE),
)


def kinds(deliveries):
    return [d[0].kind for d in deliveries]


def settled(s):
    assert s.waiting() == (0, 0), s.waiting()
    assert s.station.connection.connected and s.station.online
    assert s.c.status == "Available" and not s.c.charging_permitted
    assert s.station.errors == [], [e.info for e in s.station.errors]


def energy_told(deliveries):
    wh = {"start": 0, "stop": 0}
    for d in deliveries:
        p = d[0].payload
        if d[0].kind != "meter":
            wh[d[0].kind] += p.get("meterStop", p.get("meterStart"))
    return wh["stop"] - wh["start"]


def one_session(kind, faults):
    world = FaultyWorld()
    s = world.boot()
    s.run(1000)
    world.csms.plan[kind] = list(faults)
    s.session(ms=47000)
    s.run(60000)
    assert not world.csms.plan[kind], "faults that did not happen"
    return world, s


def check_answer(kind, name, faults, times, pause):
    world, s = one_session(kind, faults)
    told = world.csms.deliveries()
    assert kinds(told) == ["start", "meter", "meter", "stop"], kinds(told)
    at = KINDS.index(kind) if kind != "stop" else 3
    counts = [len(d) for d in told]
    assert counts == [times if n == at else 1 for n in range(4)], counts
    if times > 1:
        gap = told[at][1].ms - told[at][0].ms
        assert pause <= gap <= pause + 1000, gap
    id = told[0][-1].given  # of the delivery that was answered as it should be
    for d in told[1:]:
        assert d[0].payload["transactionId"] == id, (d[0].payload, id)
    stamps = [d[0].payload["timestamp"] for d in (told[0], told[3])]
    assert stamps[0] < stamps[1]
    assert energy_told(told) == world.flowed > 200, (energy_told(told), world.flowed)
    settled(s)


def test_every_answer_of_every_kind():
    """Each fault at each message of a session."""
    count = 0
    for kind in KINDS:
        for fault in FAULTS:
            try:
                check_answer(kind, *fault)
            except Exception as e:
                print(kind, fault[0])
                raise e
            count += 1
    print(count, "faulty answers")
    assert count == 3 * len(FAULTS)


def test_pauses_grow_with_the_attempts():
    """OCPP 1.6 §3.7.2: TransactionMessageRetryInterval times the attempts so far."""
    world, _ = one_session("stop", [refused, refused])
    at = [t.ms for t in world.csms.told if t.kind == "stop"]
    gaps = [b - a for a, b in zip(at, at[1:])]
    assert PAUSE <= gaps[0] <= PAUSE + 300 and 2 * PAUSE <= gaps[1] <= 2 * PAUSE + 300, gaps


def test_faults_at_every_message_of_two_connectors():
    """Everything at once, interleaved: each transaction is whole, and the order is that of
    occurrence."""
    world = FaultyWorld(2)
    s = world.boot()
    s.run(1000)
    world.csms.plan = {
        "start": [silent, twice, cut, refused],
        "meter": [foreign, late(9000), twice, torn, cut],
        "stop": [late(6000), refused_foreign, cut, cut],
    }
    for n in range(3):
        s.begin(1, "A%d" % n)
        s.run(11000)
        s.begin(2, "B%d" % n)
        s.run(33000)
        s.finish(1, "A%d" % n)
        s.run(9000)
        s.finish(2, "B%d" % n)
    s.run(120000)
    assert not any(world.csms.plan.values()), world.csms.plan
    told = world.csms.deliveries()
    assert kinds(told).count("start") == 6 and kinds(told).count("stop") == 6
    ids = {}  # transaction id -> its start
    stamps = []
    for d in told:
        p = d[0].payload
        if d[0].kind == "start":
            ids[d[-1].given] = p
            stamps.append(p["timestamp"])
        elif d[0].kind == "meter":
            assert ids[p["transactionId"]]["connectorId"] == p["connectorId"]
            stamps.append(p["meterValue"][0]["timestamp"])
        else:
            assert ids.pop(p["transactionId"])["idTag"] == p["idTag"]
            stamps.append(p["timestamp"])
    assert ids == {}, ids
    assert stamps == sorted(stamps), stamps
    assert energy_told(told) == world.flowed
    settled(s)


def test_power_goes_between_message_and_answer():
    """What is told again after a restart is the same, byte for byte."""
    for kind in KINDS:
        world = FaultyWorld()
        s = world.boot()
        s.run(1000)
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
        assert [len(d) for d in told if d[0].kind == kind] == [2], (kind, told)
        assert kinds(told)[0] == "start" and kinds(told)[-1] == "stop"
        assert kinds(told).count("start") == kinds(told).count("stop") == 1
        assert told[-1][0].payload["transactionId"] == told[0][-1].given
        settled(s)


IDS = (0, -1, 1, 2**31 - 1, 2**31, 2**63 - 1, 2**63, -(2**63), -2)


def test_transaction_ids_of_every_kind():
    """Learnt, kept over a restart, told with every message, and good for a remote stop."""
    for id in IDS:
        world = FaultyWorld(settings={"OnPowerLoss": "resume"})
        world.csms.ids = lambda: id
        s = world.boot()
        s.run(1000)
        s.begin()
        s.run(25000)
        s = world.reboot()
        s.run(25000)
        assert s.c.tx.id == id
        other = id + 1
        assert s.ask("RemoteStopTransaction", {"transactionId": other}) == {"status": "Rejected"}
        assert s.ask("RemoteStopTransaction", {"transactionId": id}) == {"status": "Accepted"}
        s.run(2000)
        s.unplug()
        s.run(5000)
        told = world.csms.deliveries()
        assert kinds(told) == ["start", "meter", "meter", "stop"], (id, kinds(told))
        assert [d[0].payload["transactionId"] for d in told[1:]] == [id] * 3, id
        assert told[-1][0].payload["reason"] == "Remote"
        assert energy_told(told) == world.flowed > 200
        settled(s)


def test_the_same_id_again_and_again():
    """One after the other: an id is no key (some central systems give 1, or 0, to all)."""
    world = FaultyWorld()
    world.csms.ids = lambda: 1
    s = world.boot()
    s.run(1000)
    for n in range(3):
        s.session(tag="TAG%d" % n)
    s.connection.disconnect()
    for n in range(3, 6):
        s.session(tag="TAG%d" % n)
    s.connect()
    s.run(10000)
    told = world.csms.deliveries()
    assert kinds(told) == ["start", "meter", "meter", "stop"] * 6, kinds(told)
    for n in range(6):
        start, stop = told[4 * n][0].payload, told[4 * n + 3][0].payload
        assert start["idTag"] == stop["idTag"] == "TAG%d" % n and stop["transactionId"] == 1
        assert start["meterStart"] < stop["meterStop"]
    assert energy_told(told) == world.flowed
    settled(s)


def two_of_one_id(ids=7, settings=None):
    world = FaultyWorld(2, settings)
    world.csms.ids = lambda: ids
    world.wh[1] = 5000
    s = world.boot()
    s.run(1000)
    s.begin(1, "ANNA")
    s.begin(2, "BERT")
    s.run(21000)
    c1, c2 = s.station.connectors
    assert c1.tx.id == c2.tx.id == ids and c1.charging_permitted and c2.charging_permitted
    return world, s, c1, c2


def test_two_open_transactions_of_one_id_are_stopped_alone_by_their_cards():
    world, s, c1, c2 = two_of_one_id(0)
    s.finish(2, "BERT")
    assert c1.tx and not c2.tx
    s.run(25000)
    s.finish(1, "ANNA")
    s.run(5000)
    told = world.csms.deliveries()
    stops = [d[0].payload for d in told if d[0].kind == "stop"]
    assert [p["idTag"] for p in stops] == ["BERT", "ANNA"]
    assert [p["meterStop"] for p in stops] == [world.wh[1], world.wh[0]]
    places = [d[0].payload["connectorId"] for d in told if d[0].kind == "meter"]
    assert places == [1, 2, 1], places
    assert energy_told(told) == world.flowed
    settled(s)


def test_remote_stop_of_an_id_that_two_transactions_have():
    """No energy flows any more under an id that the central system took back."""
    world, s, c1, c2 = two_of_one_id()
    assert s.ask("RemoteStopTransaction", {"transactionId": 7}) == {"status": "Accepted"}
    s.run(1000)
    assert not c1.charging_permitted and not c2.charging_permitted and not c1.tx and not c2.tx
    flowed = world.flowed
    s.run(5000)
    assert world.flowed == flowed
    stops = [d[0].payload for d in world.csms.deliveries() if d[0].kind == "stop"]
    assert [(p["transactionId"], p["reason"]) for p in stops] == [(7, "Remote")] * 2, stops
    assert sorted([p["meterStop"] for p in stops]) == sorted(world.wh)
    assert s.ask("RemoteStopTransaction", {"transactionId": 7}) == {"status": "Rejected"}


def test_power_cut_with_two_transactions_of_one_id():
    world, s, _c1, _c2 = two_of_one_id()
    world.cars = [False, False]
    s = world.reboot()
    s.run(30000)
    told = world.csms.deliveries()
    stops = [d[0].payload for d in told if d[0].kind == "stop"]
    assert [(p["transactionId"], p["reason"]) for p in stops] == [(7, "PowerLoss")] * 2, stops
    for stop, wh in zip(stops, world.wh):  # at most 0.1 kWh each is in doubt
        assert wh - 100 <= stop["meterStop"] <= wh, (stop, world.wh)
    settled(s)
