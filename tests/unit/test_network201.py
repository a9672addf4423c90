# marks: slow
# heap: 3M
"""Network profiles of OCPP 2.0.1 (B09, B10, A05)."""

from central import Setup
from network_support import OURS, Net
from powercut import Flash, PowerCut

TWO = "ws://two/"
PRIORITY = "OCPPCommCtrlr.NetworkConfigurationPriority"


def online(**settings):
    n = Net(**settings)
    n.run(1000)
    assert n.station.registration.accepted
    return n


def test_tc_b_43_a_profile_that_is_none_is_rejected():
    n = online()
    assert n.profile(999) == "Rejected"
    assert n.profile(0) == "Rejected"
    for wrong in (
        {"url": "http://two/"},
        {"url": "ws:///"},
        {"securityProfile": 4},
        {"messageTimeout": 0},
        {"ocppTransport": "SOAP"},
        {"ocppVersion": "OCPP15"},
        {"ocppVersion": "OCPP16"},
        {"apn": {"apn": "x", "apnAuthentication": "CHAP"}},
    ):
        assert n.profile(2, **wrong) == "Rejected", wrong
    assert n.priority("2,1") == "Rejected"  # nothing is in slot 2
    assert n.priority("") == "Rejected"
    assert n.priority("1") == "RebootRequired"
    assert n.priority("7") == "Rejected"


def test_tc_b_45_migration_to_another_profile():
    n = online()
    assert n.profile(2) == "Accepted"
    assert n.priority("2,1") == "RebootRequired"
    assert n.ask("Reset", {"type": "OnIdle"}) == {"status": "Accepted"}
    n.run(1000)
    assert n.kinds == ["Immediate"]
    n = n.restart()
    n.run(1000)
    assert n.urls() == [TWO] and n.csms.actions()[0] == "BootNotification"
    assert n.station.registration.accepted
    assert n.get("OCPPCommCtrlr", "ActiveNetworkProfile") == "2"
    assert n.get("OCPPCommCtrlr", "NetworkConfigurationPriority") == "2,1"


def test_tc_b_46_the_next_one_has_its_turn_after_the_attempts():
    n = online()
    n.set("OCPPCommCtrlr", "NetworkProfileConnectionAttempts", "2")
    assert n.profile(2, "ws://nobody/") == "Accepted"
    assert n.priority("2,1") == "RebootRequired"
    n.down.add("ws://nobody/")
    n = n.restart()
    n.run(10000)
    assert n.urls() == ["ws://nobody/"] * 2 + [OURS]
    assert n.get("OCPPCommCtrlr", "ActiveNetworkProfile") == "1"


def test_tc_b_49_back_to_the_one_before_where_all_fail():
    n = online()
    n.set("OCPPCommCtrlr", "NetworkProfileConnectionAttempts", "1")
    assert n.profile(2) == "Accepted" and n.priority("2") == "RebootRequired"
    n.down |= {TWO, OURS}
    n = n.restart()
    n.run(3000)
    n.down.remove(OURS)
    n.run(10000)
    assert n.urls() == [TWO, OURS, TWO, OURS], n.urls()
    assert n.station.registration.accepted
    assert n.get("OCPPCommCtrlr", "ActiveNetworkProfile") == "1"


def test_the_slot_in_use_can_be_overwritten_and_the_old_one_comes_back():
    n = online()
    n.set("OCPPCommCtrlr", "NetworkProfileConnectionAttempts", "1")
    assert n.profile(1, "ws://nobody/") == "Accepted"
    n.down.add("ws://nobody/")
    n = n.restart()
    n.run(5000)
    assert n.urls() == ["ws://nobody/", OURS]
    n.down.clear()
    n = n.restart()
    n.run(5000)
    assert n.urls() == ["ws://nobody/"]
    n.down.add("ws://nobody/")  # it is the good one by now: there is no way back
    n = n.restart()
    n.run(6000)
    assert set(n.urls()) == {"ws://nobody/"}


def test_another_central_system_is_registered_with_anew():
    n = online()
    n.set("OCPPCommCtrlr", "NetworkProfileConnectionAttempts", "1")
    assert n.profile(2) == "Accepted" and n.priority("1,2") == "RebootRequired"
    n = n.restart()
    n.run(1000)
    assert n.urls() == [OURS]
    n.down.add(OURS)
    n.links[-1].abort("closed", "gone")
    n.run(8000)
    assert n.urls() == [OURS, OURS, TWO]
    assert n.csms.actions()[:2] == ["BootNotification", "StatusNotification"]
    n.down = {TWO}
    n.links[-1].abort("closed", "gone")
    n.run(8000)
    assert n.urls()[-1] == OURS and n.csms.actions()[0] == "BootNotification"


def test_a_time_out_of_its_own():
    n = online()
    assert n.profile(2, messageTimeout=7) == "Accepted"
    n.priority("2,1")
    n = n.restart()
    n.run(1000)
    assert n.station.rpc.timeout_ms == 7000


def secure(n, root=b"0\x03\x02\x01\x01"):
    """Have a root certificate (any DER value) in the store."""
    n.station.part("certificates").add_root("CSMSRootCertificate", root)


def test_tc_a_19_a_higher_security_profile():
    n = online(SecurityCtrlr_BasicAuthPassword="0123456789abcdef")
    assert n.profile(2, OURS, securityProfile=1) == "Accepted"
    assert n.priority("2,1") == "RebootRequired"
    assert n.get("SecurityCtrlr", "SecurityProfile") == "0"
    n.down.add("nobody")
    n = Net(n.root, n.clock, SecurityCtrlr_BasicAuthPassword="0123456789abcdef")
    n.run(1000)
    assert n.links[0].headers[0][0] == "Authorization"
    assert n.get("SecurityCtrlr", "SecurityProfile") == "1"
    assert n.get("OCPPCommCtrlr", "NetworkConfigurationPriority") == "2"
    n = Net(n.root, n.clock, SecurityCtrlr_BasicAuthPassword="0123456789abcdef")
    n.run(1000)
    assert n.get("SecurityCtrlr", "SecurityProfile") == "1"


def test_a_higher_security_profile_that_does_not_work():
    password = {"SecurityCtrlr_BasicAuthPassword": "0123456789abcdef"}
    n = online(**password)
    assert n.profile(2, TWO, securityProfile=1) == "Accepted"
    assert n.priority("2") == "RebootRequired"
    n = Net(n.root, n.clock, **password)
    n.down.add(TWO)
    n.run(12000)
    assert n.urls() == [TWO] * 3 + [OURS] and n.links[-1].headers == []
    assert n.get("SecurityCtrlr", "SecurityProfile") == "0"
    assert n.get("OCPPCommCtrlr", "NetworkConfigurationPriority") == "2"


def test_tc_a_20_no_root_certificate():
    n = online(SecurityCtrlr_BasicAuthPassword="0123456789abcdef")
    assert n.profile(2, "wss://two/", securityProfile=2) == "Accepted"
    assert n.priority("2,1") == "Rejected"
    secure(n)
    assert n.priority("2,1") == "RebootRequired"


def test_tc_a_21_no_certificate_of_the_station():
    n = online()
    secure(n)
    assert n.profile(2, "wss://two/", securityProfile=3) == "Accepted"
    assert n.priority("2,1") == "Rejected"


def test_tc_a_22_no_lower_security_profile():
    n = online(SecurityCtrlr_BasicAuthPassword="0123456789abcdef")
    n.station.settings.assume("SecurityProfile", 1)
    n.station.settings.commit("SecurityProfile")
    assert n.profile(2, securityProfile=0) == "Rejected"
    assert n.profile(2, securityProfile=1) == "Accepted"


def test_power_cuts_while_profiles_are_written_and_proved():
    """At any moment: a start finds a slot to dial, the old or the new one, and it is whole."""
    for half in (False, True):
        cut = 1
        while _cut(cut, half):
            cut += 1
        assert cut > 6, cut


def _cut(cut, half):
    """True if the power went at operation number `cut`."""
    flash = Flash(64)
    flash.mount("/flash")
    try:
        s = Setup(root="/flash", online=False, settings={"AuthorizationKey": "0123456789abcdef"})
        part = s.station.part("network")
        flash.clear()
        flash.cut_at, flash.half = cut, half
        try:
            part.write("2", [TWO, 1, 30, ["ocpp2.0.1"]])
            flash.check()
            s.station.settings.force(PRIORITY, "2,1")
            flash.check()
            s.station.route = part.plan()
            part.dialled("", ())
            part.connected()
            flash.check()
        except OSError:
            pass
        went = flash.dead
    except PowerCut:
        went = True
    finally:
        flash.umount("/flash")
    flash.cut_at, flash.dead = None, False
    flash.mount("/flash")
    try:
        s = Setup(root="/flash", online=False, settings={"AuthorizationKey": "0123456789abcdef"})
        route = s.station.route
        if route:
            url, _ = s.station.part("network").dialled("ours", ())
            assert url in ("ours", TWO), url
            assert s.station.settings.get("SecurityProfile") == (1 if url == TWO else 0)
        assert went or s.station.settings.get(PRIORITY) == "2"
    finally:
        flash.umount("/flash")
    return went
