"""Smart charging of OCPP 1.6 over a real socket: what the EV gets, what the CSMS is told."""

import time
from datetime import datetime, timedelta, timezone

import pytest
from core16 import charge, make, offline, remote_stop, setting, wait, wait_reports
from ocpp_link import CallError

pytestmark = pytest.mark.slow

ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}


def text(seconds=0):
    moment = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def profile(purpose, *periods, number=1, stack=0, kind="Relative", unit="A", sched=None, **more):
    listed = []
    for p in periods:
        period = {"startPeriod": p[0], "limit": p[1]}
        if len(p) > 2:
            period["numberPhases"] = p[2]
        listed.append(period)
    schedule = {"chargingRateUnit": unit, "chargingSchedulePeriod": listed, **(sched or {})}
    return {
        "chargingProfileId": number,
        "stackLevel": stack,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
        "chargingSchedule": schedule,
        **more,
    }


def put(csms, connector, wanted):
    return csms.call(
        "SetChargingProfile", {"connectorId": connector, "csChargingProfiles": wanted}
    )


def station_max(*periods, number=1, start=-3600, **more):
    sched = {"startSchedule": text(start)}
    return profile(
        "ChargePointMaxProfile", *periods, number=number, kind="Absolute", sched=sched, **more
    )


def limit(cs, connector=1):
    return cs.connector(connector)["limit_a"]


def wait_limit(cs, amperes, connector=1):
    cs.wait_connector(connector, limit_a=amperes)


@pytest.fixture(autouse=True)
def all_tokens_are_accepted(ocpp_csms):
    ocpp_csms.facts.unknown_token = "Accepted"


def test_the_keys(ocpp_csms, charger):
    make(charger, ocpp_csms).wait_accepted()
    for key, least in (
        ("ChargeProfileMaxStackLevel", 8),
        ("ChargingScheduleMaxPeriods", 24),
        ("MaxChargingProfilesInstalled", 10),
    ):
        assert int(setting(ocpp_csms, key)) >= least, key
    units = setting(ocpp_csms, "ChargingScheduleAllowedChargingRateUnit")
    assert sorted(units.split(",")) == ["Current", "Power"]
    assert setting(ocpp_csms, "ConnectorSwitch3to1PhaseSupported") == "true"
    assert "SmartCharging" in setting(ocpp_csms, "SupportedFeatureProfiles").split(",")


def test_a_profile_acts_on_the_ev_and_a_pause_keeps_the_transaction(ocpp_csms, charger):
    cs = make(charger, ocpp_csms, speed=1)
    cs.wait_accepted()
    charge(cs, ocpp_csms)
    cs.wait_connector(1, status="Charging", power_w=230 * 3 * 32, limit_a=None)
    assert put(ocpp_csms, 0, profile("TxDefaultProfile", (0, 10))) == ACCEPTED
    cs.wait_connector(1, limit_a=10, power_w=6900)
    assert put(ocpp_csms, 0, profile("TxDefaultProfile", (0, 4140), unit="W")) == ACCEPTED
    cs.wait_connector(1, limit_a=6, power_w=4140)
    assert put(ocpp_csms, 0, profile("TxDefaultProfile", (0, 16, 1))) == ACCEPTED
    cs.wait_connector(1, limit_a=16, power_w=3680)
    mark = ocpp_csms.mark()
    for low in (5.9, 0):
        assert put(ocpp_csms, 0, profile("TxDefaultProfile", (0, low))) == ACCEPTED
        cs.wait_connector(1, relay=False, power_w=0, status="SuspendedEVSE", limit_a=0)
    assert ocpp_csms.call("ClearChargingProfile") == ACCEPTED
    cs.wait_connector(1, relay=True, status="Charging", limit_a=None)
    wait_reports(ocpp_csms, 1, ["SuspendedEVSE", "Charging"], since=mark)
    assert not ocpp_csms.calls("StopTransaction")


def test_stack_levels_transaction_profiles_and_their_end(ocpp_csms, charger):
    cs = make(charger, ocpp_csms, speed=1)
    start = charge(cs, ocpp_csms)
    tx = start["transactionId"]
    assert put(ocpp_csms, 1, profile("TxDefaultProfile", (0, 20), stack=3)) == ACCEPTED
    wait_limit(cs, 20)
    more = {"number": 2, "transactionId": tx}
    assert put(ocpp_csms, 1, profile("TxProfile", (0, 12), **more)) == ACCEPTED
    wait_limit(cs, 12)
    assert put(ocpp_csms, 0, station_max((0, 9), number=3)) == ACCEPTED
    wait_limit(cs, 9)
    schedule = {"connectorId": 1, "duration": 600, "chargingRateUnit": "W"}
    told = ocpp_csms.call("GetCompositeSchedule", schedule)
    assert told["status"] == "Accepted" and told["connectorId"] == 1
    assert told["chargingSchedule"]["chargingSchedulePeriod"] == [
        {"startPeriod": 0, "limit": 6210}
    ]
    assert ocpp_csms.call("ClearChargingProfile", {"id": 3}) == ACCEPTED
    wait_limit(cs, 12)
    remote_stop(ocpp_csms, start)
    cs.wait_connector(1, transaction=None)
    wait_limit(cs, 20)  # the next one's
    assert ocpp_csms.call("ClearChargingProfile", {"id": 2}) == {"status": "Unknown"}


def test_what_is_refused_and_why(ocpp_csms, charger):
    cs = make(charger, ocpp_csms, speed=1)
    cs.wait_accepted()
    tx = {"transactionId": 1}
    for connector, wanted, why in (
        (1, profile("TxProfile", (0, 9), **tx), "TxProfileEvseHasNoActiveTransaction"),
        (1, profile("TxProfile", (0, 9)), "TxProfileMissingTransactionId"),
        (0, profile("TxProfile", (0, 9), **tx), "TxProfileEvseIdNotGreaterThanZero"),
        (1, station_max((0, 9)), "ChargingStationMaxProfileEvseIdGreaterThanZero"),
        (
            1,
            profile("TxDefaultProfile", (3, 9)),
            "ChargingProfileFirstStartScheduleIsNotZero",
        ),
        (
            1,
            profile("TxDefaultProfile", (0, 9), (8, 9), (5, 9)),
            "ChargingSchedulePeriodsOutOfOrder",
        ),
        (
            1,
            profile("TxDefaultProfile", (0, 9), kind="Recurring", recurrencyKind="Daily"),
            "ChargingProfileMissingRequiredStartSchedule",
        ),
    ):
        assert put(ocpp_csms, connector, wanted) == REJECTED, why
        wait(lambda why=why: why in cs.log, why)
    with pytest.raises(CallError) as refused:
        put(ocpp_csms, 7, profile("TxDefaultProfile", (0, 9)))
    assert refused.value.code == "PropertyConstraintViolation"


def test_the_station_limit_is_shared_and_survives_a_power_cut(ocpp_csms, charger):
    cs = make(charger, ocpp_csms, speed=1)
    cs.wait_accepted()
    assert put(ocpp_csms, 0, station_max((0, 20))) == ACCEPTED
    charge(cs, ocpp_csms, 1)
    wait_limit(cs, 20)
    charge(cs, ocpp_csms, 2, "SECOND")
    wait_limit(cs, 10)
    wait_limit(cs, 10, 2)
    cs.kill()
    cs.start()
    cs.wait_accepted()
    charge(cs, ocpp_csms, 1, "AGAIN")
    wait_limit(cs, 20)


def test_remote_start_with_a_profile(ocpp_csms, charger):
    cs = make(charger, ocpp_csms, speed=1)
    cs.act(1, "plug")
    cs.wait_connector(1, status="Preparing")
    wanted = profile("TxProfile", (0, 13))
    request = {"idTag": "REMOTE", "connectorId": 1, "chargingProfile": wanted}
    assert ocpp_csms.call("RemoteStartTransaction", request) == ACCEPTED
    cs.wait_connector(1, status="Charging", limit_a=13, power_w=230 * 3 * 13)
    found = cs.get("/api/connectors/1/explain")
    line = found["limits"][0]
    assert (line["purpose"], line["profile"], line["period"]) == ("TxProfile", 1, 0), found
    assert found["next"] is None and found["offered_a"] == 13
    wanted["chargingProfilePurpose"] = "TxDefaultProfile"
    assert ocpp_csms.call("RemoteStartTransaction", dict(request, connectorId=2)) == REJECTED


def test_periods_end_on_time_offline_too(ocpp_csms, charger):
    cs = make(charger, ocpp_csms, speed=1)
    charge(cs, ocpp_csms)
    wanted = profile(
        "TxDefaultProfile",
        (0, 10),
        (5, 16),
        kind="Absolute",
        sched={"startSchedule": text(), "duration": 8},
    )
    begin = time.time()
    assert put(ocpp_csms, 1, wanted) == ACCEPTED
    wait_limit(cs, 10)
    found = cs.get("/api/connectors/1/explain")
    assert found["next"]["limit_a"] == 16 and 0 < found["next"]["in_s"] <= 5, found
    offline(cs)
    wait_limit(cs, 16)
    assert 3.5 < time.time() - begin < 6.5
    wait_limit(cs, None)
    assert 6.5 < time.time() - begin < 9.5


def test_limits_of_the_host(ocpp_csms, charger):
    cs = make(charger, ocpp_csms, speed=1)
    charge(cs, ocpp_csms)
    cs.post("/api/connectors/1/limit", {"current_a": 11})
    wait_limit(cs, 11)
    cs.post("/api/limit", {"current_a": 7, "seconds": 2})
    wait_limit(cs, 7)
    told = ocpp_csms.call("GetCompositeSchedule", {"connectorId": 1, "duration": 60})
    listed = told["chargingSchedule"]["chargingSchedulePeriod"]
    assert [p["limit"] for p in listed] == [7, 11], listed
    wait_limit(cs, 11)
    cs.post("/api/connectors/1/limit", {"current_a": None})
    wait_limit(cs, None)
    assert cs.get("/api/explain")["limits"] == []
