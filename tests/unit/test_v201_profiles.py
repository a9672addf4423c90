# marks: slow
# heap: 6M
# timeout: 100
"""OCPP 2.0.1 K: charging profiles set, refused, reported, cleared; composite schedules."""

from central import NOW
from test_session201 import setup201

from ocpp.iso import to_iso
from ocpp.rpc import CallError

_id = 0


def schedule(*periods, unit="A", **more):
    listed = []
    for p in periods or ((0, 16),):
        period = {"startPeriod": p[0], "limit": p[1]}
        if len(p) > 2 and p[2]:
            period["numberPhases"] = p[2]
        if len(p) > 3:
            period["phaseToUse"] = p[3]
        listed.append(period)
    return dict(more, id=1, chargingRateUnit=unit, chargingSchedulePeriod=listed)


def profile(purpose, *periods, stack=0, kind=None, id=None, unit="A", sched=None, **more):
    global _id
    _id += 1
    sched = dict(sched or {})
    if kind is None:
        kind = "Absolute" if purpose == "ChargingStationMaxProfile" else "Relative"
    if kind != "Relative" and "startSchedule" not in sched:
        sched["startSchedule"] = to_iso(NOW - 3600)
    if sched.get("startSchedule", 1) is None:
        del sched["startSchedule"]
    return dict(
        more,
        id=id or _id,
        stackLevel=stack,
        chargingProfilePurpose=purpose,
        chargingProfileKind=kind,
        chargingSchedule=[schedule(*periods, unit=unit, **sched)],
    )


def default(*periods, **more):
    return profile("TxDefaultProfile", *periods, **more)


def station_max(*periods, **more):
    return profile("ChargingStationMaxProfile", *periods, **more)


def put(s, evse, p):
    """ "Accepted", or the reason."""
    answer = s.ask("SetChargingProfile", {"evseId": evse, "chargingProfile": p}, 3000)
    if isinstance(answer, CallError):
        return answer.code
    if answer["status"] == "Accepted":
        return "Accepted"
    assert len(answer["statusInfo"]["reasonCode"]) <= 20, answer
    return answer["statusInfo"]["additionalInfo"]


def code(s, evse, p):
    answer = s.ask("SetChargingProfile", {"evseId": evse, "chargingProfile": p}, 3000)
    return answer["statusInfo"]["reasonCode"]


def up(connectors=1, **more):
    s = setup201(connectors=connectors, **more)
    for action in ("ReportChargingProfiles", "NotifyChargingLimit", "ClearedChargingLimit"):
        s.csms.answers[action] = {}
    return s


def charging(connectors=1, **more):
    s = up(connectors, **more)
    s.charge()
    s.run(500)
    return s


def composite(s, evse, duration, unit=None):
    request = {"evseId": evse, "duration": duration}
    if unit:
        request["chargingRateUnit"] = unit
    answer = s.ask("GetCompositeSchedule", request, 5000)
    assert answer["status"] == "Accepted", answer
    found = answer["schedule"]
    assert found["evseId"] == evse and found["chargingRateUnit"] == (unit or "A")
    return [(p["startPeriod"], p["limit"]) for p in found["chargingSchedulePeriod"]]


def reports(s, request_id=1, **wanted):
    """(evse, source, ids) of each report, or the status."""
    evse = wanted.pop("evse", None)
    request = {"requestId": request_id, "chargingProfile": wanted}
    if evse is not None:
        request["evseId"] = evse
    s.csms.forget()
    answer = s.ask("GetChargingProfiles", request, 3000)
    if answer["status"] != "Accepted":
        assert answer["statusInfo"] == {"reasonCode": "NotFound"}, answer
        return answer["status"]
    s.run(1500)
    told = s.csms.sent("ReportChargingProfiles")
    assert [t["tbc"] for t in told] == [True] * (len(told) - 1) + [False], told
    assert all([t["requestId"] == request_id for t in told])
    return [
        (t["evseId"], t["chargingLimitSource"], [p["id"] for p in t["chargingProfile"]])
        for t in told
    ]


def test_every_purpose_is_obeyed():
    s = charging(2)
    assert put(s, 0, station_max((0, 20))) == "Accepted"
    assert put(s, 0, default((0, 10))) == "Accepted"
    s.run(300)
    assert s.c.limit_ma == 10000
    tx = s.c.tx.id
    assert put(s, 1, profile("TxProfile", (0, 12), transactionId=tx)) == "Accepted"
    s.run(300)
    assert s.c.limit_ma == 12000
    assert put(s, 0, station_max((0, 8), stack=1)) == "Accepted"
    s.run(300)
    assert s.c.limit_ma == 8000
    s.station.present("TAG1", 1)
    s.run(1500)
    assert s.station.limits.volatile == []


def test_named_reasons():
    s = charging(2, settings={"MaxChargingProfilesInstalled": "3"})
    tx = s.c.tx.id
    none = {"startSchedule": None}
    for evse, p, why in (
        (3, default(), "EvseDoesNotExist"),
        (0, profile("ChargingStationExternalConstraints"), "InvalidProfileType"),
        (1, station_max(), "ChargingStationMaxProfileEvseIdGreaterThanZero"),
        (0, station_max(kind="Relative"), "ChargingStationMaxProfileCannotBeRelative"),
        (0, profile("TxProfile", transactionId=tx), "TxProfileEvseIdNotGreaterThanZero"),
        (1, profile("TxProfile"), "TxProfileMissingTransactionId"),
        (2, profile("TxProfile", transactionId=tx), "TxProfileEvseHasNoActiveTransaction"),
        (1, profile("TxProfile", transactionId="other"), "TxProfileTransactionNotOnEvse"),
        (1, default((1, 16)), "ChargingProfileFirstStartScheduleIsNotZero"),
        (1, default((0, 16), (9, 8), (5, 7)), "ChargingSchedulePeriodsOutOfOrder"),
        (1, default((0, 16), (9, 8), (9, 7)), "ChargingSchedulePeriodsOutOfOrder"),
        (1, default(kind="Absolute", sched=none), "ChargingProfileMissingRequiredStartSchedule"),
        (
            1,
            default(kind="Recurring", recurrencyKind="Daily", sched=none),
            "ChargingProfileMissingRequiredStartSchedule",
        ),
        (1, default(kind="Recurring"), "ChargingProfileMissingRecurrencyKind"),
        (
            1,
            default(sched={"startSchedule": to_iso(NOW)}),
            "ChargingProfileExtraneousStartSchedule",
        ),
        (1, default((0, 16, 3, 1)), "ChargingSchedulePeriodInvalidPhaseToUse"),
        (1, default((0, 16, 1, 4)), "ChargingSchedulePeriodInvalidPhaseToUse"),
        (1, default((0, 16, 0, 1)), "ChargingSchedulePeriodInvalidPhaseToUse"),
        (
            1,
            default((0, 16, 1, 2)),
            "ChargingSchedulePeriodPhaseToUseACPhaseSwitchingUnsupported",
        ),
        (1, default((0, 16, 4)), "ChargingSchedulePeriodUnsupportedNumberPhases"),
        (1, default((0, -1)), "ChargingSchedulePeriodNonFiniteValue"),
        (1, default(sched={"minChargingRate": -1}), "ChargingScheduleNonFiniteValue"),
        (1, default(sched={"duration": 0}), "ChargingScheduleInvalidDuration"),
        (1, default(stack=100), "ChargeProfileMaxStackLevel"),
        (1, default(stack=-1), "ChargeProfileMaxStackLevel"),
        (1, default(*[(i, 10) for i in range(97)]), "ChargingScheduleMaxPeriods"),
        (
            1,
            default(validFrom=to_iso(NOW + 9), validTo=to_iso(NOW + 9)),
            "ChargingProfileInvalidValidity",
        ),
    ):
        assert put(s, evse, p) == why, (put(s, evse, p), why)
    assert s.station.limits.slots == [] and s.station.limits.volatile == []
    empty = default()
    empty["chargingSchedule"][0]["chargingSchedulePeriod"] = []
    assert put(s, 1, empty) == "OccurrenceConstraintViolation"
    empty["chargingSchedule"] = []
    assert put(s, 1, empty) == "OccurrenceConstraintViolation"
    many = default()
    many["chargingSchedule"] = many["chargingSchedule"] * 2
    assert put(s, 1, many) == "ChargingProfileTooManySchedules"
    s.station.settings.force("ChargingScheduleAllowedChargingRateUnit", "Current")
    assert put(s, 1, default(unit="W")) == "ChargingScheduleChargingRateUnitUnsupported"
    for evse, p, why in (
        (1, default(unit="W"), "UnsupportedRateUnit"),
        (3, default(), "UnknownEvse"),
        (1, profile("TxProfile"), "MissingParam"),
        (2, profile("TxProfile", transactionId=tx), "TxNotFound"),
        (1, default((1, 16)), "InvalidSchedule"),
        (1, station_max(), "InvalidProfile"),
        (1, default(stack=100), "InvalidStackLevel"),
    ):
        assert code(s, evse, p) == why, (evse, p, why)


def test_what_is_set_before_decides():
    s = charging(2, settings={"MaxChargingProfilesInstalled": "6"})
    tx = s.c.tx.id
    assert put(s, 1, default(id=1)) == "Accepted"
    assert put(s, 1, default((0, 9), id=1)) == "Accepted"  # the same id: in its place
    assert put(s, 1, default(id=2)) == "DuplicateProfileValidityPeriod"
    assert code(s, 1, default(id=2)) == "DuplicateProfile"
    assert put(s, 0, default(id=2)) == "DuplicateTxDefaultProfileFound"
    assert put(s, 2, default(id=2)) == "Accepted"
    assert put(s, 0, default(id=3, stack=1)) == "Accepted"
    assert put(s, 2, default(id=4, stack=1)) == "DuplicateTxDefaultProfileFound"
    assert put(s, 1, profile("TxProfile", id=10, transactionId=tx)) == "Accepted"
    why = put(s, 1, profile("TxProfile", id=11, transactionId=tx))
    assert why == "TxProfileConflictingStackLevel"
    s.station.set_limit(0, 16000, "EMS")
    assert put(s, 1, default(id=-1)) == "ExistingChargingStationExternalConstraints"
    # Validity that does not overlap
    assert put(s, 0, station_max(id=20, validTo=to_iso(NOW + 3600))) == "Accepted"
    later = station_max(id=21, validFrom=to_iso(NOW + 3600))
    assert put(s, 0, later) == "Accepted"
    assert put(s, 0, station_max(id=22, stack=5)) == "MaxChargingProfilesInstalled"
    assert put(s, 1, default((0, 7), id=1)) == "Accepted"  # may still replace
    s.run(500)
    # Both of the same place stay
    assert reports(s, evse=0) == [(0, "CSO", [3]), (0, "CSO", [20, 21]), (0, "EMS", [-1])] or (
        reports(s, evse=0) == [(0, "CSO", [3, 20, 21]), (0, "EMS", [-1])]
    ), reports(s, evse=0)


def test_phase_to_use():
    s = charging(settings={"SmartChargingCtrlr.ACPhaseSwitchingSupported": "true"})
    s.c.phases_in_use = 1
    assert put(s, 1, default((0, 16, 1, 2), id=5)) == "Accepted"
    s.run(500)
    assert s.c.limit_phase == 2 and s.c.limit_ma == 16000
    answer = s.ask("GetCompositeSchedule", {"evseId": 1, "duration": 60}, 3000)
    assert answer["schedule"]["chargingSchedulePeriod"] == [
        {"startPeriod": 0, "limit": 16.0, "numberPhases": 1, "phaseToUse": 2}
    ], answer
    s.csms.forget()
    s.ask("GetChargingProfiles", {"requestId": 3, "chargingProfile": {}})
    s.run(500)
    told = s.csms.sent("ReportChargingProfiles")[0]["chargingProfile"][0]
    assert told["chargingSchedule"][0]["chargingSchedulePeriod"][0]["phaseToUse"] == 2


def test_reported_as_it_came():
    s = charging()
    tariff = {"id": 1, "salesTariffEntry": [{"relativeTimeInterval": {"start": 0}}]}
    first = default(
        (0, 16, 3), (60, 8.5), id=7, kind="Recurring", recurrencyKind="Weekly", stack=3,
        validFrom=to_iso(NOW), validTo=to_iso(NOW + 99999),
        sched={"duration": 3600, "minChargingRate": 6.5, "salesTariff": tariff},
    )  # fmt: skip
    second = profile("TxProfile", (0, 11), id=8, unit="W", transactionId=s.c.tx.id)
    third = station_max((0, 63), id=9)
    for evse, p in ((1, first), (1, second), (0, third)):
        assert put(s, evse, p) == "Accepted"
    s.csms.forget()
    s.ask("GetChargingProfiles", {"requestId": 3, "chargingProfile": {}})
    s.run(1000)
    found = {}
    for t in s.csms.sent("ReportChargingProfiles"):
        for p in t["chargingProfile"]:
            found[p["id"]] = p
    assert found == {7: first, 8: second, 9: third}, found
    t = s.restart(config=s.config, online=False)
    t.connection.connect("ocpp2.0.1")
    t.run(500)
    t.csms.answers["ReportChargingProfiles"] = {}
    assert reports(t, chargingProfileId=[7]) == [(1, "CSO", [7])]
    assert t.csms.sent("ReportChargingProfiles")[0]["chargingProfile"] == [first]


def test_reports_by_criteria():
    s = up(2)
    assert reports(s) == "NoProfiles"
    put(s, 0, station_max(id=1, stack=1))
    put(s, 0, default(id=2, stack=1))
    put(s, 1, default(id=3, stack=2))
    put(s, 2, default(*[(i, 10) for i in range(30)], id=4, stack=3))
    put(s, 2, default(*[(i, 10) for i in range(30)], id=5, stack=4))
    s.station.set_limit(1, 20000, "EMS")
    s.station.set_limit(0, 20000, "heating")
    s.run(200)
    csms = [(0, "CSO", [1, 2]), (1, "CSO", [3]), (2, "CSO", [4]), (2, "CSO", [5])]
    outside = [(1, "EMS", [-1]), (0, "Other", [-2])]
    assert reports(s) == csms + outside, reports(s)
    for wanted, expected in (
        ({"evse": 0}, [csms[0], outside[1]]),
        ({"evse": 2}, csms[2:]),
        ({"evse": 9}, "NoProfiles"),
        ({"chargingProfileId": [3, 4, 99]}, [csms[1], csms[2]]),
        ({"chargingProfileId": [99]}, "NoProfiles"),
        ({"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 1}, [(0, "CSO", [2])]),
        ({"chargingProfilePurpose": "TxProfile"}, "NoProfiles"),
        ({"chargingProfilePurpose": "ChargingStationExternalConstraints"}, outside),
        ({"chargingLimitSource": ["EMS", "SO"]}, [outside[0]]),
        ({"chargingLimitSource": ["CSO"], "evse": 1}, [csms[1]]),
        ({"chargingLimitSource": ["SO"]}, "NoProfiles"),
    ):
        assert reports(s, **wanted) == expected, (wanted, reports(s, **wanted))


def test_two_reports_at_a_time_and_a_lost_link():
    s = up()
    put(s, 0, station_max(id=1))
    put(s, 1, default(id=2))
    s.csms.forget()
    for n in (1, 2):
        s.ask("GetChargingProfiles", {"requestId": n, "chargingProfile": {}}, 100)
    s.run(1500)
    told = [(t["requestId"], t["tbc"]) for t in s.csms.sent("ReportChargingProfiles")]
    assert sorted(told) == [(1, False), (1, True), (2, False), (2, True)], told
    s.csms.answers["ReportChargingProfiles"] = None
    s.ask("GetChargingProfiles", {"requestId": 3, "chargingProfile": {}})
    s.run(300)
    s.connection.disconnect()
    s.run(1000)
    assert not s.station.jobs
    s.connection.connect("ocpp2.0.1")
    s.run(1000)
    s.csms.answers["ReportChargingProfiles"] = CallError("InternalError", "")
    s.csms.forget()
    s.ask("GetChargingProfiles", {"requestId": 4, "chargingProfile": {}})
    s.run(1500)
    assert len(s.csms.sent("ReportChargingProfiles")) == 2  # it was heard
    s.station.set_limit(0, 9000, "EMS")
    s.csms.answers["NotifyChargingLimit"] = None  # what is before it is not answered
    s.run(300)
    s.station.set_limit(0, 19000, "EMS")
    s.run(300)
    s.ask("GetChargingProfiles", {"requestId": 5, "chargingProfile": {}})
    s.run(300)
    assert s.station.jobs
    s.connection.disconnect()
    s.run(1000)
    assert not s.station.jobs


def test_clear_by_every_filter():
    s = up(2)

    def fill():
        s.ask("ClearChargingProfile", {}, 2000)
        put(s, 0, station_max(id=1, stack=1))
        put(s, 0, default(id=2, stack=1))
        put(s, 1, default(id=3, stack=2))
        put(s, 2, default(id=4, stack=3))

    def left():
        slots = s.station.limits.slots
        return sorted([s.station.store.load("cp%d" % n)[0] for n in slots])

    other = {"evseId": 1, "stackLevel": 7, "chargingProfilePurpose": "TxProfile"}
    for id, criteria, expected in (
        (None, None, []),
        (3, None, [1, 2, 4]),
        (1, other, [2, 3, 4]),  # with an id all else is ignored
        (None, {"evseId": 0}, [3, 4]),
        (None, {"stackLevel": 1}, [3, 4]),
        (None, {"chargingProfilePurpose": "ChargingStationMaxProfile"}, [2, 3, 4]),
        (None, {"chargingProfilePurpose": "TxDefaultProfile"}, [1]),
        (None, {"chargingProfilePurpose": "TxDefaultProfile", "evseId": 2}, [1, 2, 3]),
    ):
        fill()
        request = {}
        if id:
            request["chargingProfileId"] = id
        if criteria:
            request["chargingProfileCriteria"] = criteria
        assert s.ask("ClearChargingProfile", request, 2000) == {"status": "Accepted"}, request
        assert left() == expected, (request, left())
    fill()
    external = {"chargingProfilePurpose": "ChargingStationExternalConstraints"}
    for request in (
        {"chargingProfileId": 9},
        {"chargingProfileCriteria": other},
        {"chargingProfileCriteria": external},
    ):
        answer = s.ask("ClearChargingProfile", request, 2000)
        assert answer == {"status": "Unknown", "statusInfo": {"reasonCode": "NotFound"}}
    assert left() == [1, 2, 3, 4]


def test_composite_schedules():
    s = up(2)
    put(s, 0, station_max((0, 25), (5400, 12)))
    put(s, 1, default((0, 10), (1200, 16), (2400, 16), (3000, 30)))
    found = composite(s, 1, 7200)
    assert [limit for _, limit in found] == [10, 16, 25, 12] or [limit for _, limit in found] == [
        10,
        16,
        12,
    ], found
    assert composite(s, 1, 60, "W") == [(0, 6900)]
    assert [limit for _, limit in composite(s, 0, 7200)] == [25, 12]
    answer = s.ask("GetCompositeSchedule", {"evseId": 1, "duration": 60}, 3000)
    assert answer["schedule"]["scheduleStart"][:13] == to_iso(NOW)[:13]
    assert answer["schedule"]["duration"] == 60
    s.station.settings.force("ChargingScheduleAllowedChargingRateUnit", "Current")
    for request, why in (
        ({"evseId": 3, "duration": 60}, "UnknownEvse"),
        ({"evseId": -1, "duration": 60}, "UnknownEvse"),
        ({"evseId": 1, "duration": 60, "chargingRateUnit": "W"}, "UnsupportedRateUnit"),
        ({"evseId": 1, "duration": 0}, "InvalidValue"),
    ):
        answer = s.ask("GetCompositeSchedule", request)
        assert answer == {"status": "Rejected", "statusInfo": {"reasonCode": why}}, answer


def test_switched_off():
    s = up(settings={"SmartChargingCtrlr.Enabled": "false"})
    for action, request in (
        ("SetChargingProfile", {"evseId": 1, "chargingProfile": default()}),
        ("ClearChargingProfile", {}),
        ("GetCompositeSchedule", {"evseId": 1, "duration": 60}),
        ("GetChargingProfiles", {"requestId": 1, "chargingProfile": {}}),
    ):
        assert s.ask(action, request).code == "NotSupported", action


def test_profiles_of_one_version_hold_in_the_other():
    s = charging()
    put(s, 1, default((0, 10), id=3))
    put(s, 0, station_max((0, 20), id=4))
    from central import Setup

    t = Setup(1, {}, s.root, online=False)
    t.connection.connect("ocpp1.6")
    t.run(500)
    t.charge()
    t.run(500)
    assert t.c.limit_ma == 10000
    request = {"connectorId": 1, "duration": 60}
    answer = t.ask("GetCompositeSchedule", request, 2000)
    assert answer["chargingSchedule"]["chargingSchedulePeriod"] == [
        {"startPeriod": 0, "limit": 10.0}
    ]
    old = default((0, 12), id=5)
    del old["id"]
    old["chargingProfileId"] = 5
    old["chargingSchedule"] = old["chargingSchedule"][0]
    del old["chargingSchedule"]["id"]
    answer = t.ask("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": old}, 2000)
    assert answer == {"status": "Accepted"}  # in place of the one of that level
    t.run(500)
    assert t.c.limit_ma == 12000 and len(t.station.limits.slots) == 2


def test_odd_values_are_answered():
    s = charging()
    tx = s.c.tx.id
    odd = (None, True, -1, 0, 2**31, -(2**70), 1.5, 1e300, "", "A", "x" * 600, [], {}, [{}])
    one = ("chargingSchedule", 0)
    places = (
        (), ("id",), ("transactionId",), ("stackLevel",), ("chargingProfilePurpose",),
        ("chargingProfileKind",), ("recurrencyKind",), ("validFrom",), ("validTo",),
        ("chargingSchedule",), one, one + ("id",), one + ("duration",), one + ("salesTariff",),
        one + ("startSchedule",), one + ("chargingRateUnit",), one + ("minChargingRate",),
        one + ("chargingSchedulePeriod",), one + ("chargingSchedulePeriod", 1),
        one + ("chargingSchedulePeriod", 1, "startPeriod"),
        one + ("chargingSchedulePeriod", 1, "limit"),
        one + ("chargingSchedulePeriod", 1, "numberPhases"),
        one + ("chargingSchedulePeriod", 1, "phaseToUse"),
    )  # fmt: skip
    codes = {}
    for place in places:
        for value in odd:
            p = profile("TxProfile", (0, 10), (60, 12), id=7, transactionId=tx)
            request = {"evseId": 1, "chargingProfile": p}
            at, last = request, "chargingProfile"
            for name in place:
                at, last = at[last], name
            at[last] = value
            answer = s.ask("SetChargingProfile", request, 2000)
            if isinstance(answer, CallError):
                assert answer.code.endswith("Violation"), (place, value, answer.code)
                answer = {"status": answer.code}
            codes[answer["status"]] = codes.get(answer["status"], 0) + 1
            if answer["status"] == "Accepted":
                s.station.limits.volatile.clear()
    assert codes["Accepted"] > 10 and codes["Rejected"] > 10, codes
    assert codes["TypeConstraintViolation"] > 50, codes
    for action, base, names in (
        ("ClearChargingProfile", {}, ("chargingProfileId", "chargingProfileCriteria")),
        ("GetCompositeSchedule", {"evseId": 1, "duration": 9}, ("evseId", "duration")),
        (
            "GetChargingProfiles",
            {"requestId": 1, "chargingProfile": {}},
            ("requestId", "evseId", "chargingProfile"),
        ),
    ):
        for name in names:
            for value in odd:
                answer = s.ask(action, dict(base, **{name: value}), 2000)
                why = getattr(answer, "code", "Violation")
                assert why.endswith("Violation"), (action, name, value, why)
    s.run(500)
    assert s.c.tx and not [e for e in s.station.errors if e.code == "InternalError"]


def start(s, **more):
    request = {"idToken": {"idToken": "R", "type": "Central"}, "remoteStartId": 5, "evseId": 1}
    return s.ask("RequestStartTransaction", dict(request, **more))


def test_profile_of_a_remote_start():
    s = up()
    assert put(s, 1, default((0, 20), id=1, stack=3)) == "Accepted"
    s.plug()
    s.run(300)
    answer = start(s, chargingProfile=default())
    assert answer["status"] == "Rejected"
    assert answer["statusInfo"]["additionalInfo"] == "RequestStartTransactionNonTxProfile"
    answer = start(s, chargingProfile=profile("TxProfile", (5, 12)))
    assert answer["statusInfo"]["reasonCode"] == "InvalidSchedule"
    assert start(s, chargingProfile=profile("TxProfile", (0, 12), id=50, stack=1)) == {
        "status": "Accepted"
    }
    s.run(2000)
    assert s.c.limit_ma == 12000
    tx = s.c.tx.id
    assert reports(s, chargingProfilePurpose="TxProfile") == [(1, "CSO", [50])]
    told = s.csms.sent("ReportChargingProfiles")[0]["chargingProfile"][0]
    assert told["transactionId"] == tx
    assert put(s, 1, profile("TxProfile", (0, 9), id=50, stack=1, transactionId=tx)) == "Accepted"
    assert put(s, 1, profile("TxProfile", (0, 14), id=52, stack=2, transactionId=tx)) == "Accepted"
    s.run(500)
    assert s.c.limit_ma == 14000 and len(s.station.limits.volatile) == 2


def test_TC_K_38_CS():
    s = up(settings={"SmartChargingCtrlr.Enabled": "false"})
    s.plug()
    s.run(300)
    s.csms.forget()
    p = profile("TxProfile", (0, 6, 3), id=50)
    assert start(s, chargingProfile=p) == {"status": "Accepted"}
    s.run(2000)
    assert s.c.charging_permitted and s.c.limit_ma is None
    events = s.csms.sent("TransactionEvent")
    assert events[0]["triggerReason"] == "RemoteStart", events
    assert events[0]["transactionInfo"]["remoteStartId"] == 5


def test_controller_of_iso_15118_gets_the_schedules():
    s = charging()
    given = []

    class Controller:
        def schedules(self, connector, schedules):
            given.append((connector.id, schedules))

    s.station.iso15118 = Controller()
    p = profile("TxProfile", (0, 12), id=60, transactionId=s.c.tx.id)
    tariff = {"id": 2, "salesTariffEntry": [{"relativeTimeInterval": {"start": 0}}]}
    p["chargingSchedule"].append(dict(schedule((0, 9)), id=2, salesTariff=tariff))
    assert put(s, 1, p) == "Accepted"
    s.run(300)
    assert given == [(1, p["chargingSchedule"])] and s.c.limit_ma == 12000
    assert reports(s) == [(1, "CSO", [60])]
    assert s.csms.sent("ReportChargingProfiles")[0]["chargingProfile"] == [p]


def limits(s):
    return s.csms.sent("NotifyChargingLimit"), s.csms.sent("ClearedChargingLimit")


def test_k11_k12_k13_limits_from_outside():
    s = charging(2)
    s.csms.forget()
    s.station.set_limit(0, 20000, "EMS")
    s.run(1000)
    assert limits(s) == ([{"chargingLimit": {"chargingLimitSource": "EMS"}}], [])
    (event,) = s.csms.sent("TransactionEvent")
    assert event["eventType"] == "Updated" and event["triggerReason"] == "ChargingRateChanged"
    assert event["meterValue"] and event["evse"]["id"] == 1
    s.csms.forget()
    s.station.set_limit(2, 10000, "heating")  # where no transaction runs
    s.run(1000)
    assert limits(s)[0] == [{"evseId": 2, "chargingLimit": {"chargingLimitSource": "Other"}}]
    assert s.csms.sent("TransactionEvent") == []
    s.csms.forget()
    s.station.set_limit(0, 19950, "EMS")  # not worth telling
    s.run(1000)
    assert limits(s) == ([], []) and s.csms.sent("TransactionEvent") == []
    s.station.set_limit(0, None, "EMS")
    s.station.set_limit(2, None, "heating")
    s.station.set_limit(2, None, "heating")  # is gone already
    s.run(1000)
    assert limits(s)[1] == [
        {"chargingLimitSource": "EMS"},
        {"evseId": 2, "chargingLimitSource": "Other"},
    ]
    assert [e["triggerReason"] for e in s.csms.sent("TransactionEvent")] == ["ChargingRateChanged"]


def test_k12_with_schedules_and_an_end():
    s = up(settings={"SmartChargingCtrlr.NotifyChargingLimitWithSchedules": "true"})
    s.station.set_limit(1, 8500, "SO", 60, True)
    s.run(500)
    (told,), _ = limits(s)
    assert told["chargingLimit"] == {"chargingLimitSource": "SO", "isGridCritical": True}
    (schedule,) = told["chargingSchedule"]
    assert schedule["duration"] == 60 and schedule["chargingRateUnit"] == "A"
    assert schedule["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 8.5}]
    s.run(62000, 100)
    assert limits(s)[1] == [{"evseId": 1, "chargingLimitSource": "SO"}]


def test_signals_from_outside_switched_off():
    s = up(settings={"SmartChargingCtrlr.ExternalControlSignalsEnabled": "false"})
    for source in ("EMS", "SO"):
        try:
            s.station.set_limit(0, 6000, source)
            raise AssertionError("not refused")
        except ValueError:
            pass
    s.station.set_limit(0, 6000, "fuse")  # the host's own hardware
    assert s.station.limits.external == {("fuse", 0): (60, None)}


def test_relative_begins_when_the_ev_may_charge():
    """Errata 2.10.1: not when the transaction begins."""
    s = up(settings={"TxCtrlr.TxStartPoint": "EVConnected"})
    assert put(s, 1, default((0, 10), (30, 20))) == "Accepted"
    s.plug()
    s.run(50000, 100)
    assert s.c.tx and not s.c.charging_permitted
    s.station.present("TAG1", 1)
    s.run(20000, 50)
    assert s.c.limit_ma == 10000 and s.c.charging_permitted
    s.run(15000, 50)
    assert s.c.limit_ma == 20000


def test_long_messages():
    """More than 2 kB are read in another way."""
    s = charging()
    periods = [(i * 60, 10 + i % 5, 3) for i in range(96)]
    assert put(s, 1, default(*periods, id=70)) == "Accepted"
    assert reports(s) == [(1, "CSO", [70])]
    told = s.csms.sent("ReportChargingProfiles")[0]["chargingProfile"][0]
    assert len(told["chargingSchedule"][0]["chargingSchedulePeriod"]) == 96
    given = []

    class Controller:
        def schedules(self, connector, schedules):
            given.append(schedules)

    s.station.iso15118 = Controller()
    p = profile("TxProfile", *periods[:40], id=71, transactionId=s.c.tx.id)
    entries = [{"relativeTimeInterval": {"start": i}} for i in range(20)]
    tariff = {"id": 2, "salesTariffEntry": entries}
    for id in (2, 3):
        more = schedule(*periods[:40], salesTariff=tariff)
        more["id"] = id
        p["chargingSchedule"].append(more)
    assert put(s, 1, p) == "Accepted"
    assert given == [p["chargingSchedule"]]
    assert reports(s, chargingProfileId=[71]) == [(1, "CSO", [71])]
    assert s.csms.sent("ReportChargingProfiles")[0]["chargingProfile"] == [p]


def test_profile_of_a_remote_start_for_a_transaction_that_runs():
    s = up(settings={"TxCtrlr.TxStartPoint": "EVConnected"})
    s.plug()
    s.run(1000)
    tx = s.c.tx.id
    answer = start(s, chargingProfile=profile("TxProfile", (0, 12), id=50))
    assert answer["status"] == "Accepted" and answer["transactionId"] == tx, answer
    s.run(2000)
    assert s.c.limit_ma == 12000 and s.c.charging_permitted
    assert reports(s) == [(1, "CSO", [50])]
    told = s.csms.sent("ReportChargingProfiles")[0]["chargingProfile"][0]
    assert told["transactionId"] == tx
