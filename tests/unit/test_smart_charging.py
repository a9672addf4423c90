# marks: slow
# heap: 4M
"""Smart charging of OCPP 1.6 over a loopback: profiles set, cleared, obeyed and explained."""

from central import NOW, Setup
from support import raises

from ocpp.iso import to_iso
from ocpp.rpc import CallError

ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}
_id = 0


def schedule(*periods, unit="A", **more):
    """`periods`: (start, limit) or (start, limit, phases)."""
    listed = []
    for p in periods or ((0, 16),):
        period = {"startPeriod": p[0], "limit": p[1]}
        if len(p) > 2:
            period["numberPhases"] = p[2]
        listed.append(period)
    return dict(more, chargingRateUnit=unit, chargingSchedulePeriod=listed)


def profile(purpose, *periods, stack=0, kind="Relative", id=None, unit="A", sched=None, **more):
    global _id
    _id += 1
    return dict(
        more,
        chargingProfileId=id or _id,
        stackLevel=stack,
        chargingProfilePurpose=purpose,
        chargingProfileKind=kind,
        chargingSchedule=schedule(*periods, unit=unit, **(sched or {})),
    )


def default(*periods, **more):
    return profile("TxDefaultProfile", *periods, **more)


def station_max(*periods, **more):
    sched = {"startSchedule": to_iso(NOW - 3600)}
    sched.update(more.pop("sched", {}))
    return profile("ChargePointMaxProfile", *periods, kind="Absolute", sched=sched, **more)


def put(s, connector, p):
    return s.ask("SetChargingProfile", {"connectorId": connector, "csChargingProfiles": p}, 2000)


def up(connectors=1, **more):
    s = Setup(connectors=connectors, **more)
    s.run(500)
    return s


def charging(connectors=1, **more):
    s = up(connectors, **more)
    s.charge()
    return s


def composite(s, connector, duration, unit=None):
    request = {"connectorId": connector, "duration": duration}
    if unit:
        request["chargingRateUnit"] = unit
    answer = s.ask("GetCompositeSchedule", request, 5000)
    assert answer["status"] == "Accepted" and answer["connectorId"] == connector, answer
    found = answer["chargingSchedule"]
    assert found["chargingRateUnit"] == (unit or "A") and "startSchedule" not in found, found
    return [(p["startPeriod"], p["limit"]) for p in found["chargingSchedulePeriod"]]


def test_nothing_limits_without_a_profile():
    s = charging()
    assert s.c.limit_ma is None and s.c.charging_permitted and not s.station.limits.active
    assert composite(s, 1, 600) == [(0, 32)]
    assert composite(s, 1, 600, "W") == [(0, 22080)]


def test_a_default_profile_limits_the_running_transaction_and_the_next():
    s = charging()
    assert put(s, 0, default((0, 10))) == ACCEPTED
    s.run(300)
    assert s.c.limit_ma == 10000 and s.c.charging_permitted
    s.station.present("TAG1", 1)
    s.run(1000)
    s.unplug()
    s.run(500)
    s.charge()
    assert s.c.limit_ma == 10000 and s.c.status == "Charging"


def test_the_own_profile_of_a_connector_replaces_that_for_all_at_its_level():
    s = charging(2)
    s.charge(2, "TAG2")
    put(s, 0, default((0, 10), stack=1))
    put(s, 1, default((0, 20), stack=1))
    put(s, 0, default((0, 8), stack=0))
    s.run(500)
    assert [c.limit_ma for c in s.station.connectors] == [20000, 10000]


def test_the_highest_stack_level_that_is_valid_prevails():
    s = charging()
    put(s, 1, default((0, 10), stack=1))
    put(s, 1, default((0, 20), stack=5, validFrom=to_iso(NOW + 60), validTo=to_iso(NOW + 120)))
    sched = {"startSchedule": to_iso(NOW + 90), "duration": 10}
    put(s, 1, default((0, 25), stack=9, kind="Absolute", sched=sched))
    seen = []
    for _ in range(140):
        s.run(1000, 50)
        if not seen or seen[-1] != s.c.limit_ma:
            seen.append(s.c.limit_ma)
    assert seen == [10000, 20000, 25000, 20000, 10000], seen


def test_a_transaction_profile_overrules_and_goes_with_its_transaction():
    s = charging()
    put(s, 0, default((0, 10), stack=9))
    tx = s.c.tx.id
    assert put(s, 1, profile("TxProfile", (0, 12), transactionId=tx)) == ACCEPTED
    s.run(300)
    assert s.c.limit_ma == 12000
    s.station.present("TAG1", 1)
    s.run(1000)
    assert s.c.tx is None and s.station.limits.volatile == []
    s.unplug()
    s.run(500)
    s.charge()
    assert s.c.limit_ma == 10000


def test_what_is_refused():
    s = charging()
    tx = s.c.tx.id
    many = [(i, 10) for i in range(97)]
    for number, p in (
        (1, profile("TxProfile")),
        (1, profile("TxProfile", transactionId=tx + 1)),
        (0, profile("TxProfile", transactionId=tx)),
        (1, station_max()),
        (1, default((1, 10))),
        (1, default((0, 10), (5, 8), (5, 7))),
        (1, default((0, 10), (9, 8), (5, 7))),
        (1, default((0, -1))),
        (1, default((0, 10, 4))),
        (1, default((0, 10, 0))),
        (1, default(*many)),
        (1, default(stack=100)),
        (1, default(kind="Recurring")),
        (1, default(kind="Recurring", recurrencyKind="Daily")),
        (1, default(sched={"duration": 0})),
        (1, default(validFrom=to_iso(NOW + 9), validTo=to_iso(NOW + 9))),
    ):
        assert put(s, number, p) == REJECTED, p
    for number, p, code in (
        (2, default(), "PropertyConstraintViolation"),
        (-1, default(), "PropertyConstraintViolation"),
        (1, default(stack=-1), "PropertyConstraintViolation"),
        (1, default(unit="V"), "PropertyConstraintViolation"),
        (1, default(kind="Sometimes"), "PropertyConstraintViolation"),
        (1, profile("Other"), "PropertyConstraintViolation"),
        (1, default((0, 8.25)), "PropertyConstraintViolation"),
        (1, default((0, "8")), "TypeConstraintViolation"),
        (1, {}, "OccurenceConstraintViolation"),
    ):
        answer = put(s, number, p)
        assert isinstance(answer, CallError) and answer.code == code, (p, answer)
    assert s.station.limits.slots == [] and s.c.limit_ma is None
    empty = default()
    empty["chargingSchedule"]["chargingSchedulePeriod"] = []
    assert put(s, 1, empty) == REJECTED
    s.station.settings.force("ChargingScheduleAllowedChargingRateUnit", "Current")
    assert put(s, 1, default(unit="W")) == REJECTED
    assert put(s, 1, default(unit="A")) == ACCEPTED


def test_odd_values_are_answered():
    """Whatever stands in a field, there is an answer, and never an internal error."""
    s = charging()
    tx = s.c.tx.id
    odd = (
        None,
        True,
        -1,
        0,
        1,
        2**31,
        2**40,
        -(2**70),
        1.5,
        1e300,
        "",
        "A",
        "x" * 600,
        [],
        {},
        [{}],
    )
    places = (
        (), ("chargingProfileId",), ("transactionId",), ("stackLevel",),
        ("chargingProfilePurpose",), ("chargingProfileKind",), ("recurrencyKind",),
        ("validFrom",), ("validTo",), ("chargingSchedule",), ("chargingSchedule", "duration"),
        ("chargingSchedule", "startSchedule"), ("chargingSchedule", "chargingRateUnit"),
        ("chargingSchedule", "minChargingRate"), ("chargingSchedule", "chargingSchedulePeriod"),
        ("chargingSchedule", "chargingSchedulePeriod", 1),
        ("chargingSchedule", "chargingSchedulePeriod", 1, "startPeriod"),
        ("chargingSchedule", "chargingSchedulePeriod", 1, "limit"),
        ("chargingSchedule", "chargingSchedulePeriod", 1, "numberPhases"),
    )  # fmt: skip
    codes = {}
    for place in places:
        for value in odd:
            p = profile("TxProfile", (0, 10), (60, 12), id=7, transactionId=tx)
            request = {"connectorId": 1, "csChargingProfiles": p}
            at, last = request, "csChargingProfiles"
            for name in place:
                at, last = at[last], name
            at[last] = value
            answer = s.ask("SetChargingProfile", request, 2000)
            if isinstance(answer, CallError):
                assert answer.code.endswith("Violation"), (place, value, answer.code)
                answer = {"status": answer.code}
            codes[answer["status"]] = codes.get(answer["status"], 0) + 1
    assert codes["Accepted"] > 10 and codes["Rejected"] > 10, codes
    assert codes["TypeConstraintViolation"] > 50 and codes["PropertyConstraintViolation"] > 20
    for action in ("ClearChargingProfile", "GetCompositeSchedule"):
        for name in ("id", "connectorId", "stackLevel", "duration", "chargingRateUnit"):
            for value in odd:
                request = {"connectorId": 1, "duration": 60}
                if action[0] == "C":
                    request = {}
                request[name] = value
                answer = s.ask(action, request, 2000)
                code = getattr(answer, "code", "Violation")
                assert code.endswith("Violation"), (action, name, value, code)
    s.run(500)
    assert s.c.tx and not [e for e in s.station.errors if e.code == "InternalError"]


def test_no_transaction_no_transaction_profile():
    s = up()
    assert put(s, 1, profile("TxProfile", transactionId=1)) == REJECTED


def test_switched_off():
    s = charging()
    put(s, 1, default((0, 10)))
    s.station.settings.force("SmartChargingEnabled", "false")
    s.run(300)
    assert s.c.limit_ma is None
    for action, payload in (
        ("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": default()}),
        ("ClearChargingProfile", {}),
        ("GetCompositeSchedule", {"connectorId": 1, "duration": 60}),
    ):
        answer = s.ask(action, payload)
        assert answer.code == "NotSupported", (action, answer)
    s.station.settings.force("SmartChargingEnabled", "true")
    s.run(300)
    assert s.c.limit_ma == 10000


def test_replacement():
    s = charging(2)
    limits = s.station.limits
    assert put(s, 1, default((0, 10), id=1, stack=1)) == ACCEPTED
    assert put(s, 1, default((0, 11), id=2, stack=1)) == ACCEPTED  # same level: in its place
    assert len(limits.slots) == 1
    assert put(s, 2, default((0, 12), id=3, stack=1)) == ACCEPTED  # another connector: beside it
    assert put(s, 0, station_max((0, 13), id=4, stack=1)) == ACCEPTED  # another purpose, too
    assert len(limits.slots) == 3
    assert put(s, 1, default((0, 14), id=3, stack=1)) == ACCEPTED  # replaces one and another
    assert len(limits.slots) == 2
    s.run(500)
    assert s.c.limit_ma == 13000
    s.station.settings.force("MaxChargingProfilesInstalled", "2")
    assert put(s, 1, default((0, 15), id=5, stack=2)) == REJECTED  # full
    assert put(s, 1, default((0, 9), id=6, stack=1)) == ACCEPTED  # but it may replace
    s.run(500)
    assert s.c.limit_ma == 9000


def test_clear_by_every_filter():
    s = up(2)

    def fill():
        s.ask("ClearChargingProfile", {}, 2000)
        put(s, 0, station_max(id=1, stack=1))
        put(s, 0, default(id=2, stack=1))
        put(s, 1, default(id=3, stack=2))
        put(s, 2, default(id=4, stack=1))

    def left():
        found = []
        for slot in s.station.limits.slots:
            found.append(s.station.store.load("cp%d" % slot)[0])
        return sorted(found)

    everything = {"connectorId": 1, "stackLevel": 7, "chargingProfilePurpose": "TxProfile"}
    for wanted, expected in (
        ({}, []),
        ({"id": 3}, [1, 2, 4]),
        (dict(everything, id=1), [2, 3, 4]),  # with an id all else is ignored
        ({"connectorId": 0}, [3, 4]),
        ({"stackLevel": 1}, [3]),
        ({"chargingProfilePurpose": "ChargePointMaxProfile"}, [2, 3, 4]),
        ({"chargingProfilePurpose": "TxDefaultProfile"}, [1]),
        ({"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 1}, [1, 3]),
        ({"connectorId": 2, "chargingProfilePurpose": "TxDefaultProfile"}, [1, 2, 3]),
    ):
        fill()
        assert s.ask("ClearChargingProfile", wanted, 2000) == ACCEPTED, wanted
        assert left() == expected, (wanted, left())
    fill()
    for wanted in ({"id": 9}, {"connectorId": 1, "stackLevel": 1}, everything, {"connectorId": 7}):
        assert s.ask("ClearChargingProfile", wanted, 2000) == {"status": "Unknown"}, wanted
    assert left() == [1, 2, 3, 4]
    s.ask("ClearChargingProfile", {}, 2000)
    s.run(500)
    assert s.c.limit_ma is None and not s.station.limits.active


def test_below_six_amperes_is_a_pause():
    s = charging()
    for limit, status in ((5.9, "SuspendedEVSE"), (6, "Charging"), (0, "SuspendedEVSE")):
        put(s, 1, default((0, limit)))
        s.run(1500)
        assert s.c.status == status and s.c.tx and not s.c.tx.ending, (limit, s.c.status)
        assert s.c.charging_permitted == (status == "Charging")
        assert s.c.limit_ma == (6000 if limit == 6 else 0)
    s.ask("ClearChargingProfile", {}, 1000)
    s.run(1500)
    assert s.c.status == "Charging" and s.c.limit_ma is None


def test_no_energy_before_the_limit_is_known():
    s = up()
    put(s, 1, default((0, 0)))
    s.plug()
    s.run(200)
    s.station.present("TAG1", 1)
    for _ in range(300):
        s.run(10)
        assert not s.c.charging_permitted
    assert s.c.tx and s.csms.statuses(1)[-1] == "SuspendedEVSE", s.csms.statuses(1)
    assert "Charging" not in s.csms.statuses(1)


def test_watts():
    s = charging()
    put(s, 1, default((0, 11000), unit="W"))
    s.run(500)
    assert s.c.limit_ma == 15900  # 11000 / 230 / 3, rounded down to a tenth
    s.c.phases_in_use = 1
    s.run(500)
    assert s.c.limit_ma == 47800
    put(s, 1, default((0, 3680, 1), unit="W"))
    s.run(500)
    assert s.c.limit_ma == 16000 and s.c.limit_phases is None
    s.c.phases_in_use = 3
    s.run(500)
    assert s.c.limit_ma == 0 and s.c.status == "SuspendedEVSE"  # it can't switch to one phase
    s.station.settings.force("ConnectorSwitch3to1PhaseSupported", "true")
    s.station.limits.changed()
    s.run(500)
    assert s.c.limit_ma == 16000 and s.c.limit_phases == 1 and s.c.status == "Charging"
    assert composite(s, 1, 60, "W") == [(0, 3680)] and composite(s, 1, 60) == [(0, 16)]
    s.station.settings.force("SupplyVoltage", "115")
    s.run(500)
    assert s.c.limit_ma == 32000


def test_more_phases_than_there_are_change_no_limit():
    s = charging(settings={"ConnectorSwitch3to1PhaseSupported": "true"})
    s.c.phases_in_use = 1
    put(s, 1, default((0, 10, 3)))
    s.run(500)
    assert s.c.limit_ma == 10000 and s.c.limit_phases is None
    s.c.phases_in_use = 2
    put(s, 1, default((0, 10, 1)))
    s.run(500)
    assert s.c.limit_ma == 10000 and s.c.limit_phases == 1


def test_the_stations_limit_is_shared():
    s = charging(2)
    put(s, 0, station_max((0, 20)))
    s.run(500)
    c1, c2 = s.station.connectors
    assert c1.limit_ma == 20000
    s.charge(2, "TAG2")
    s.run(500)
    assert (c1.limit_ma, c2.limit_ma) == (10000, 10000)
    put(s, 2, default((0, 8)))
    s.run(500)
    assert (c1.limit_ma, c2.limit_ma) == (12000, 8000)
    s.ask("ClearChargingProfile", {"chargingProfilePurpose": "TxDefaultProfile"}, 1000)
    c2.ev_ready = False  # full: it is left what wakes it up
    s.run(32000, 100)
    assert (c1.limit_ma, c2.limit_ma) == (14000, 6000)
    c2.ev_ready = True
    s.run(500)
    assert (c1.limit_ma, c2.limit_ma) == (10000, 10000)
    s.station.present("TAG1", 1)
    s.run(1500)
    assert c2.limit_ma == 20000


def test_too_little_for_two_is_given_in_turns():
    s = charging(2)
    put(s, 0, station_max((0, 10)))
    s.charge(2, "TAG2")
    c1, c2 = s.station.connectors
    served = []
    for _ in range(40):
        s.run(60000, 1000)
        now = (c1.limit_ma, c2.limit_ma)
        assert now in ((10000, 0), (0, 10000)), now
        if not served or served[-1] != now:
            served.append(now)
    assert len(served) >= 3, served
    assert s.csms.statuses(1).count("Charging") >= 2


def test_who_does_not_ask_loses_the_turn():
    s = charging(2)
    put(s, 0, station_max((0, 10)))
    s.charge(2, "TAG2")
    c1, c2 = s.station.connectors
    c1.ev_ready = False
    s.run(1000000, 1000)
    taken = 0
    for _ in range(90):
        s.run(10000, 500)
        assert c1.limit_ma + c2.limit_ma <= 10000
        taken += c2.limit_ma == 10000
    assert taken > 80, taken  # all but the moments in which the other one is asked


def test_a_station_limit_in_watts_goes_by_the_phases():
    s = charging(2)
    s.charge(2, "TAG2")
    c1, c2 = s.station.connectors
    c1.phases_in_use, c2.phases_in_use = 1, 3
    put(s, 0, station_max((0, 11040), unit="W"))
    s.run(500)
    assert (c1.limit_ma, c2.limit_ma) == (24000, 8000)  # 5520 W each


def test_minimum_charging_rate():
    s = charging(2)
    s.charge(2, "TAG2")
    c1, c2 = s.station.connectors
    put(s, 0, station_max((0, 16)))
    s.run(500)
    assert (c1.limit_ma, c2.limit_ma) == (8000, 8000)
    put(s, 0, default((0, 32), sched={"minChargingRate": 9.5}))
    s.run(500)
    assert sorted([c1.limit_ma, c2.limit_ma]) == [0, 16000]  # 8 A would be inefficient


def test_relative_begins_with_the_transaction():
    s = up()
    put(s, 1, default((0, 10), (30, 20), sched={"duration": 60}))
    s.run(40000, 100)
    s.charge()
    s.run(20000, 100)
    assert s.c.limit_ma == 10000
    s.run(15000, 100)
    assert s.c.limit_ma == 20000
    s.run(30000, 100)
    assert s.c.limit_ma is None


def test_profile_of_a_remote_start():
    s = up()
    put(s, 1, default((0, 20), id=1, stack=3))
    p = profile("TxProfile", (0, 12), id=50, stack=1)
    s.plug()
    s.run(300)
    request = {"idTag": "R", "connectorId": 1, "chargingProfile": p}
    assert s.ask("RemoteStartTransaction", request) == ACCEPTED
    s.run(2000)
    assert s.c.limit_ma == 12000 and s.c.status == "Charging"
    tx = s.c.tx.id
    put(s, 1, profile("TxProfile", (0, 9), id=51, stack=1, transactionId=tx))  # replaces
    s.run(500)
    assert s.c.limit_ma == 9000 and len(s.station.limits.volatile) == 1
    put(s, 1, profile("TxProfile", (0, 14), id=52, stack=2, transactionId=tx))  # is stacked
    s.run(500)
    assert s.c.limit_ma == 14000 and len(s.station.limits.volatile) == 2
    bad = profile("TxProfile", (5, 12), id=53)
    assert s.ask("RemoteStartTransaction", {"idTag": "R", "chargingProfile": bad}) == REJECTED


def test_profiles_survive_a_restart():
    s = charging()
    put(s, 0, default((0, 10), stack=99, id=-7))
    put(s, 0, station_max((0, 20)))
    put(s, 1, profile("TxProfile", (0, 12), transactionId=s.c.tx.id))
    s.run(500)
    t = s.restart()
    t.run(500)
    t.charge()
    assert t.c.limit_ma == 10000, t.c.limit_ma
    explained = t.station.explain(1)
    assert explained["limits"][0]["profile"] == -7 and len(explained["limits"]) == 2, explained


def test_a_transaction_that_goes_on_after_a_restart_keeps_its_profile():
    s = charging(settings={"OnPowerLoss": "resume"})
    put(s, 1, profile("TxProfile", (0, 12), transactionId=s.c.tx.id))
    s.run(500)
    t = s.restart(online=False)
    t.plug()
    t.run(2000)
    assert t.c.tx and t.c.limit_ma == 12000
    t.connection.connect("ocpp1.6")
    t.run(1000)
    t.station.present("TAG1", 1)
    t.run(1500)
    assert t.c.tx is None and t.station.limits.slots == []


def test_a_relative_schedule_goes_on_after_a_restart():
    s = charging(settings={"OnPowerLoss": "resume"})
    put(s, 1, default((0, 10), (60, 16), (3600, 20)))
    s.run(100000, 100)
    assert s.c.limit_ma == 16000
    t = s.restart(online=False)
    t.plug()
    t.run(2000)
    assert t.c.tx and t.c.limit_ma == 10000  # it is not known how long it has been
    t.clock.set_unix(NOW + 300)
    t.run(1000)
    assert t.c.limit_ma == 16000 and t.c.tx.seconds > 200, t.c.tx.seconds


def test_an_unknown_time():
    """What depends on the time holds only if it can't have changed since."""
    s = up()
    put(s, 0, station_max((0, 25), (60, 20)))  # in its last period for an hour
    put(s, 1, default((0, 8), stack=3, validTo=to_iso(NOW + 999999)))
    daily = {
        "kind": "Recurring",
        "recurrencyKind": "Daily",
        "sched": {"startSchedule": to_iso(NOW)},
    }
    put(s, 1, default((0, 9), (3600, 7), stack=2, **daily))
    put(s, 1, default((0, 16), (600, 11), stack=1))
    s.run(500)
    t = s.restart(online=False, settings={"AllowOfflineTxForUnknownId": "true"})
    t.charge()
    t.run(500)
    assert t.station.clock.unix() is None
    assert t.c.limit_ma == 16000, t.c.limit_ma  # relative: level 1
    limits = t.station.explain(1)["limits"]
    assert [line["limit_a"] for line in limits] == [16, 20], limits
    t.run(600000, 1000)
    t.run(500)
    assert t.c.limit_ma == 11000
    t.clock.set_unix(NOW + 100)
    t.run(1000)
    assert t.c.limit_ma == 8000, t.c.limit_ma  # within a second


def test_a_clock_that_is_set_is_acted_on_within_a_second():
    s = charging()
    put(
        s,
        1,
        default((0, 10), (7200, 20), kind="Absolute", sched={"startSchedule": to_iso(NOW - 3600)}),
    )
    s.run(500)
    assert s.c.limit_ma == 10000
    s.clock.set_unix(NOW + 3600)
    s.run(1000, 100)
    assert s.c.limit_ma == 20000
    s.clock.set_unix(NOW)
    s.run(1000, 100)
    assert s.c.limit_ma == 10000


def test_offline_limits_go_on():
    s = charging()
    put(s, 1, default((0, 10), (60, 20)))
    s.connection.disconnect()
    s.run(70000, 100)
    assert not s.station.online and s.c.limit_ma == 20000


def test_composite_of_a_connector_and_of_the_station():
    s = charging(2)
    put(s, 0, station_max((0, 25), (5400, 12)))
    put(
        s,
        1,
        default(
            (0, 10),
            (1200, 16),
            (2400, 16),
            (3000, 30),
            kind="Absolute",
            sched={"startSchedule": to_iso(s.station.clock.unix())},
        ),
    )
    now = s.station.clock.unix() - NOW
    first = composite(s, 1, 7200)
    assert first[0] == (0, 10) and [limit for _, limit in first] == [10, 16, 12], first
    assert abs(first[1][0] - 1200) < 3 and abs(first[2][0] - (1800 - now)) < 3, first
    assert [limit for _, limit in composite(s, 0, 7200)] == [25, 12]
    assert [limit for _, limit in composite(s, 2, 600)] == [25]
    s.ask("ClearChargingProfile", {"chargingProfilePurpose": "ChargePointMaxProfile"}, 1000)
    assert [limit for _, limit in composite(s, 0, 3600)] == [42, 48, 62]
    watts = composite(s, 1, 60, "W")
    assert watts == [(0, 6900)], watts
    answer = s.ask("GetCompositeSchedule", {"connectorId": 1, "duration": 60})
    assert answer["scheduleStart"][:10] == to_iso(NOW)[:10]
    assert answer["chargingSchedule"]["duration"] == 60


def test_composite_schedules_that_are_refused_or_cut_short():
    s = up()
    for request in (
        {"connectorId": 2, "duration": 60},
        {"connectorId": -1, "duration": 60},
        {"connectorId": 1, "duration": 0},
        {"connectorId": 1, "duration": -5},
    ):
        assert s.ask("GetCompositeSchedule", request) == REJECTED, request
    answer = s.ask(
        "GetCompositeSchedule", {"connectorId": 1, "duration": 60, "chargingRateUnit": "kW"}
    )
    assert answer.code == "PropertyConstraintViolation"
    periods = [(i * 60, 10 + i % 2) for i in range(96)]
    put(
        s,
        1,
        default(
            *periods,
            kind="Recurring",
            recurrencyKind="Daily",
            sched={"startSchedule": to_iso(NOW - 60), "duration": 5760},
        ),
    )
    answer = s.ask("GetCompositeSchedule", {"connectorId": 1, "duration": 86400 * 400}, 5000)
    found = answer["chargingSchedule"]
    assert len(found["chargingSchedulePeriod"]) == 128
    assert found["chargingSchedulePeriod"][-1]["startPeriod"] < found["duration"] < 86400 * 3


def test_local_time_with_summer_time():
    s = charging()
    for value, status in (
        ("Europe/Paris", "Rejected"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "Accepted"),
        ("", "Accepted"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "Accepted"),
    ):
        request = {"key": "ScheduleTimeZone", "value": value}
        assert s.ask("ChangeConfiguration", request) == {"status": status}, value
    start = "2026-11-20T23:00:00Z"  # midnight in Paris
    put(
        s,
        1,
        default(
            (0, 10),
            (8 * 3600, 20),
            kind="Recurring",
            recurrencyKind="Daily",
            sched={"startSchedule": start},
        ),
    )
    # 2027-03-28 at 01:00 UTC the clocks go from 2 to 3; 08:00 is 06:00 UTC then
    for day, at in (("2027-03-27", 25200), ("2027-03-28", 21600), ("2027-10-31", 25200)):
        from ocpp.iso import from_iso

        s.clock.set_unix(from_iso(day + "T00:00:00Z") + at - 2)
        s.run(900, 100)
        assert s.c.limit_ma == 10000, day
        s.run(2500, 100)
        assert s.c.limit_ma == 20000, day


def test_explain():
    s = charging()
    put(s, 1, default((0, 10), (3600, 16), id=7, stack=2))
    s.run(500)
    now = s.station.explain(1)
    assert now["limit_a"] == 10 and now["offered_a"] == 10 and now["paused"] is False, now
    line = now["limits"][0]
    assert line["profile"] == 7 and line["stack_level"] == 2 and line["period"] == 0, line
    assert line["purpose"] == "TxDefaultProfile" and line["connector"] == 1, line
    assert now["next"]["limit_a"] == 16 and 3590 < now["next"]["in_s"] < 3600, now
    assert now["next"]["limits"][0]["period"] == 1
    s.station.set_limit(1, 7000, seconds=60)
    s.run(300)
    now = s.station.explain(1)
    assert now["limit_a"] == 7 and now["limits"][0]["purpose"] == "host", now
    assert now["next"]["limit_a"] == 10 and now["next"]["in_s"] <= 60, now
    s.station.limits.editing = True  # a profile is being installed just now
    assert s.station.explain(1)["limit_a"] == 7
    s.station.limits.editing = False
    assert s.station.explain(0)["limit_a"] is None
    raises(ValueError, s.station.explain, 2)


def test_limits_of_the_host():
    s = charging(2)
    c1, c2 = s.station.connectors
    s.station.set_limit(1, 16000)
    s.run(200)
    assert (c1.limit_ma, c2.limit_ma) == (16000, None)
    s.station.set_limit(1, 9000, source="solar")
    s.run(200)
    assert c1.limit_ma == 9000
    s.station.set_limit(1, None, source="solar")
    s.run(200)
    assert c1.limit_ma == 16000
    s.station.set_limit(0, 12000, seconds=30)
    s.charge(2, "TAG2")
    s.run(500)
    assert (c1.limit_ma, c2.limit_ma) == (6000, 6000)
    assert composite(s, 1, 600)[-1][1] == 16 and composite(s, 1, 600)[0][1] == 12
    s.run(30000, 100)
    assert (c1.limit_ma, c2.limit_ma) == (16000, None)
    for wrong in (-1, "9", 7.5, True):
        raises((ValueError, TypeError), s.station.set_limit, 1, wrong)
    raises(ValueError, s.station.set_limit, 3, 8000)
    s.station.set_limit(1, None)
    s.run(500)
    assert c1.limit_ma is None and not s.station.limits.active


def test_schedules_for_the_host():
    s = charging(
        settings={
            "CompositeScheduleInterval": "60",
            "CompositeScheduleUnit": "W",
            "CompositeScheduleDuration": "900",
        }
    )
    told = []
    s.station.on_schedule = lambda number, schedule: told.append((number, schedule))
    s.run(1000)
    assert [number for number, _ in told] == [0, 1]
    assert told[1][1]["periods"] == [(0, 22080, None)] and told[1][1]["unit"] == "W"
    assert told[1][1]["duration"] == 900 and abs(told[1][1]["start"] - NOW) < 10
    s.run(55000, 100)
    assert len(told) == 2
    s.run(10000, 100)
    assert len(told) == 4  # at the interval
    put(s, 1, default((0, 10), (300, 16)))
    s.run(1000)
    assert len(told) == 6 and [p[1] for p in told[-1][1]["periods"]] == [6900, 11040], told[-1]
    s.station.set_limit(1, 8000)
    s.run(500)
    assert told[-1][1]["periods"] == [(0, 5520, None)], told[-1]


def test_an_event_tells_of_a_new_limit():
    s = charging()
    told = []
    s.station.on("Limit", lambda event, c: told.append((c.id, c.limit_ma)))
    put(s, 1, default((0, 10), (60, 12)))
    s.run(90000, 100)
    assert told == [(1, 10000), (1, 12000)], told


def test_idle_with_profiles_allocates_nothing():
    import gc

    import micropython

    s = charging()
    put(s, 1, default((0, 10)))
    put(s, 0, station_max((0, 20)))
    s.run(2000)
    limits = s.station.limits
    gc.collect()
    micropython.heap_lock()
    try:
        for _ in range(100):
            s.clock.now += 1
            limits.step()
    finally:
        micropython.heap_unlock()
    assert s.c.limit_ma == 10000


def test_a_fault_while_they_are_worked_out_holds_the_energy_back():
    s = up()
    put(s, 1, default((0, 10)))
    s.run(500)
    load = s.station.store.load
    s.station.store.load = lambda name: {}[name]
    s.plug()
    s.run(200)
    s.station.present("TAG1", 1)
    s.run(3000)
    assert s.c.tx and not s.c.charging_permitted
    s.station.store.load = load
    s.run(6000, 100)
    assert s.c.charging_permitted and s.c.limit_ma == 10000
