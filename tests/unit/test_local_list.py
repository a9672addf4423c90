# marks: slow
# heap: 4M
"""The local authorization list: lines on flash, updates, and SendLocalList (OCPP 1.6 §3.5, §5.15
and errata 3.52)."""

import os

from central import NOW, Setup
from support import raises

from ocpp.iso import to_iso
from ocpp.rpc import CallError
from ocpp.station import local_list
from ocpp.station.identity import IdInfo

PATH = "/ram/state/locallist"


def ready(settings=None, **more):
    s = Setup(settings=settings, **more)
    s.run(500)
    return s


def entry(tag, status="Accepted", **more):
    return {"idTag": tag, "idTagInfo": dict(more, status=status)}


def send(s, version, entries, kind="Full", ms=5000):
    payload = {"listVersion": version, "updateType": kind}
    if entries is not None:
        payload["localAuthorizationList"] = entries
    answer = s.ask("SendLocalList", payload, ms)
    return answer["status"] if isinstance(answer, dict) else answer


def version(s):
    return s.ask("GetLocalListVersion", {})["listVersion"]


def find(s, tag):
    """(status, group, expiry) of an identifier in the list, or None."""
    info = s.station.part("local_list").find(tag)
    return info and (info.status, info.parent, info.expiry)


def content():
    with open(PATH, "rb") as file:
        return file.read()


def try_card(s, tag):
    s.plug()
    s.run(200)
    s.station.present(tag)
    s.run(1000)
    return s.c.tx is not None


def run(job):
    try:
        while True:
            next(job)
    except StopIteration as e:
        return e.value


# -- the list on flash --


def test_every_one_of_many_is_found_and_no_other():
    s = ready()
    part = s.station.part("local_list")
    tags = ["%X" % (n * 7919 % 100003) for n in range(500)]
    lines = [local_list.line(t, IdInfo("Accepted", "G" + t, NOW)) for t in tags]
    assert run(part.update(3, lines, True)) is None
    for tag in tags:
        assert find(s, tag.lower()) == ("Accepted", "G" + tag, NOW), tag
        for other in (tag + "0", tag[:-1] + "~", "!" + tag):
            assert find(s, other) is None or other in tags, other
    assert part.version() == 3


def test_differential_updates_are_as_a_dictionary_has_them():
    s = ready()
    part = s.station.part("local_list")
    model = {}
    seed = 1
    for turn in range(1, 25):
        changes = {}
        for _ in range(turn * 3):
            seed = (seed * 1103515245 + 12345) % 2147483648
            key = "%06d" % (seed // 65536 % 400)
            changes[key] = None if seed % 3 == 0 else IdInfo("Blocked" if seed % 5 else "Accepted")
        lines = [local_list.line(k, v) for k, v in changes.items()]
        assert run(part.update(turn, lines, False)) is None
        for key, info in changes.items():
            if info:
                model[key] = info.status
            else:
                model.pop(key, None)
        keys = [line.split(b"\t")[0].decode() for line in content().split(b"\n")[:-2]]
        assert keys == sorted(model), turn
        assert all(find(s, key)[0] == model[key] for key in list(model)[:20])
    assert part.version() == 24 and len(model) > 100


def test_identifiers_of_any_characters():
    s = ready()
    tags = ["a", "a b", 'a"b\\', "A-1", "ÄÖ", "~", " "]
    assert send(s, 1, [entry(t, parentIdTag=t) for t in tags]) == "Accepted"
    for tag in tags:
        assert find(s, tag) == ("Accepted", tag, None), tag
    assert find(s, "\t") is None and find(s, "a\t") is None
    for tag in ("a\tb", "a\nb", "\x00"):
        assert send(s, 2, [entry(tag)]) == "Failed"
        assert send(s, 2, [entry("x", parentIdTag=tag)]) == "Failed"
    assert version(s) == 1 and s.station.damaged() == 0


def test_a_list_of_a_later_format_is_kept():
    s = ready()
    assert send(s, 1, [entry("A")]) == "Accepted"
    end = local_list._sealed("\tocppy2%12d%7d%10d\t" % (5, 1, len(content()) - 46))
    later = content()[:-46] + end
    with open(PATH, "wb") as file:
        file.write(later)
    assert version(s) == 0 and find(s, "A") is None and s.station.store.newer == ["locallist"]
    assert send(s, 6, [entry("B")], "Differential") == "Failed" and content() == later
    assert send(s, 6, [entry("B")]) == "Accepted" and find(s, "B") and version(s) == 6
    assert send(s, 7, [entry("C")], "Differential") == "Accepted"
    with open(PATH + ".v2", "rb") as file:
        assert file.read() == later
    assert s.station.store.damaged == []


def test_damage_is_noticed_told_and_mended():
    s = ready()
    assert send(s, 1, [entry("T%02d" % n) for n in range(50)]) == "Accepted"
    good = content()
    for at in list(range(0, len(good), 11)) + [len(good) - 1]:
        with open(PATH, "wb") as file:
            file.write(good[:at] + bytes([good[at] ^ 4]) + good[at + 1 :])
        for n in range(50):
            assert find(s, "T%02d" % n) in (None, ("Accepted", None, None))
        assert "locallist" in s.station.store.damaged, at
        s.station.store.damaged.clear()
    for cut in (0, 1, 45, 46, len(good) // 2, len(good) - 1):
        with open(PATH, "wb") as file:
            file.write(good[:cut])
        assert find(s, "T00") is None and version(s) == 0
        assert "locallist" in s.station.store.damaged, cut
        s.station.store.damaged.clear()
    assert send(s, 2, [entry("NEW")], "Differential") == "Failed"
    s.run(500)
    assert s.csms.sent("StatusNotification")[-1]["info"] == "damaged on flash: locallist"
    assert send(s, 2, [entry("NEW")]) == "Accepted" and version(s) == 2


# -- SendLocalList --


def test_versions():
    s = ready()
    assert version(s) == 0
    assert send(s, 5, [entry("A")]) == "Accepted" and version(s) == 5
    for low in (5, 4, 0, -1):
        assert send(s, low, [entry("B")], "Differential") == "VersionMismatch", low
    assert send(s, 6, [entry("B")], "Differential") == "Accepted" and version(s) == 6
    assert find(s, "A") and find(s, "B")
    for bad in (0, -1):  # errata 3.52
        assert send(s, bad, [entry("C")]) == "Failed"
    assert version(s) == 6 and find(s, "C") is None
    assert send(s, 2, [entry("C")]) == "Accepted" and version(s) == 2  # a full one may go back
    assert find(s, "A") is None and find(s, "C")


def test_empty_lists():
    s = ready()
    for none in (None, []):
        assert send(s, 3, [entry("A")]) == "Accepted"
        assert send(s, 4, none, "Differential") == "Accepted"
        assert version(s) == 4 and find(s, "A")
        assert send(s, 9, none) == "Accepted"
        assert version(s) == 0 and find(s, "A") is None
        assert send(s, 1, [entry("B")], "Differential") == "Accepted" and version(s) == 1
        assert send(s, 2, [{"idTag": "B"}], "Differential") == "Accepted" and version(s) == 0


def test_differential_adds_changes_and_deletes():
    s = ready()
    until = to_iso(NOW + 1000)
    assert send(s, 1, [entry("A"), entry("B"), entry("C")]) == "Accepted"
    changes = [{"idTag": "a"}, entry("b", "Blocked"), entry("D", expiryDate=until), {"idTag": "E"}]
    assert send(s, 2, changes, "Differential") == "Accepted"
    assert find(s, "A") is None and find(s, "E") is None
    assert find(s, "B") == ("Blocked", None, None) and find(s, "c") == ("Accepted", None, None)
    assert find(s, "D") == ("Accepted", None, NOW + 1000)


def test_what_is_refused_changes_nothing():
    s = ready({"SendLocalListMaxLength": "4", "LocalAuthListMaxLength": "6"})
    assert send(s, 1, [entry("A%d" % n) for n in range(4)]) == "Accepted"
    before = content()
    for kind, entries in (
        ("Full", [{"idTag": "X"}]),  # §7.1: required there
        ("Full", [entry("X"), entry("x")]),  # twice
        ("Differential", [entry("X"), {"idTag": "X"}]),
        ("Full", [entry("B%d" % n) for n in range(5)]),  # more than a message may carry
        ("Differential", [entry("B%d" % n) for n in range(3)]),  # more than fits
    ):
        assert send(s, 2, entries, kind) == "Failed", entries
        assert content() == before and not s.station.part("local_list").busy
    for wrong in (
        {"updateType": "Full"},
        {"listVersion": 2},
        {"listVersion": "2", "updateType": "Full"},
        {"listVersion": 2, "updateType": "Some"},
        {"listVersion": 2, "updateType": "Full", "localAuthorizationList": {}},
        {"listVersion": 2, "updateType": "Full", "localAuthorizationList": [{"idTagInfo": {}}]},
        {"listVersion": 2, "updateType": "Full", "localAuthorizationList": [entry("x" * 21)]},
        {"listVersion": 2, "updateType": "Full", "localAuthorizationList": [entry("x", "Good")]},
    ):
        assert isinstance(s.ask("SendLocalList", wrong), CallError), wrong
    assert content() == before and version(s) == 1
    assert sorted(os.listdir("/ram/state")).count("locallist.new") == 0


def test_switched_off():
    s = ready()
    assert send(s, 1, [entry("A")]) == "Accepted"
    assert s.ask("ChangeConfiguration", {"key": "LocalAuthListEnabled", "value": "false"}) == {
        "status": "Accepted"
    }
    assert version(s) == -1 and send(s, 2, [entry("B")]) == "NotSupported"
    s.connection.disconnect()
    assert not try_card(s, "A")


def test_one_update_at_a_time():
    s = ready()
    part = s.station.part("local_list")
    job = part.update(1, [local_list.line("A", IdInfo("Accepted"))], True)
    next(job)
    assert send(s, 2, [entry("B")]) == "Failed"
    assert run(job) is None and version(s) == 1
    assert send(s, 2, [entry("B")]) == "Accepted"


def test_it_survives_a_restart():
    s = ready()
    assert send(s, 7, [entry("A"), entry("B", "Blocked")]) == "Accepted"
    t = s.restart(online=False)
    t.run(500)
    assert not try_card(t, "B")
    t.unplug()
    t.run(500)
    assert try_card(t, "A")


def test_a_full_flash_leaves_the_old_list():
    s = ready()
    assert send(s, 1, [entry("A")]) == "Accepted"
    with open("/ram/ballast", "wb") as file:
        file.write(bytes(45 * 4096))
    many = [local_list.line("X%018d" % n, IdInfo("Accepted", "Y" * 20)) for n in range(1000)]
    assert "flash" in run(s.station.part("local_list").update(2, many, True))
    assert version(s) == 1 and find(s, "A")
    assert send(s, 2, [entry("B")], "Differential") == "Accepted" and version(s) == 2


# -- what it is for --


def test_the_list_wins_over_the_cache():
    s = ready()
    assert try_card(s, "A") and try_card(s, "A") is False  # the second one ends it
    s.unplug()
    s.run(500)
    s.connection.disconnect()
    assert try_card(s, "A")
    s.station.present("A")
    s.run(500)
    s.unplug()
    s.connection.connect("ocpp1.6")
    s.run(1000)
    assert send(s, 1, [entry("A", "Blocked")]) == "Accepted"
    s.connection.disconnect()
    assert not try_card(s, "A")


def test_who_is_listed_is_not_cached():
    s = ready()
    assert send(s, 1, [entry("A")]) == "Accepted"
    assert try_card(s, "A")
    assert s.station.authorization.cache.get("A") is None


def test_pre_authorization_and_group_from_the_list():
    s = ready({"LocalPreAuthorize": "true"})
    assert send(s, 1, [entry("A", parentIdTag="G"), entry("B", parentIdTag="g")]) == "Accepted"
    assert try_card(s, "A") and s.c.transaction.parent == "G"
    s.station.present("B")
    s.run(500)
    assert s.c.tx is None and s.csms.sent("Authorize") == []


def test_expiry():
    s = ready()
    assert send(s, 1, [entry("A", expiryDate=to_iso(NOW + 60))]) == "Accepted"
    s.connection.disconnect()
    assert try_card(s, "A")
    s.station.present("A")
    s.run(500)
    s.unplug()
    s.run(70000, 50)
    assert not try_card(s, "A")


def test_unknown_ones_may_charge_but_not_those_listed_as_bad():
    s = ready({"AllowOfflineTxForUnknownId": "true"})
    for status in ("Blocked", "Expired", "Invalid"):
        assert send(s, 1, [entry("BAD", status)]) == "Accepted"
        s.connection.disconnect()
        assert not try_card(s, "BAD")
        s.connection.connect("ocpp1.6")
        s.run(500)
    s.connection.disconnect()
    assert try_card(s, "NEW")


def conflicts(s):
    return [p for p in s.csms.sent("StatusNotification") if p["errorCode"] == "LocalListConflict"]


def test_a_conflict_is_told():
    s = ready()
    assert send(s, 1, [entry("A"), entry("B", "Blocked")]) == "Accepted"
    s.csms.answers["Authorize"] = {"idTagInfo": {"status": "ConcurrentTx"}}
    assert not try_card(s, "A") and conflicts(s) == []  # valid, only busy elsewhere
    s.csms.answers["Authorize"] = {"idTagInfo": {"status": "Invalid"}}
    assert not try_card(s, "A")
    assert not try_card(s, "B")  # both say no
    told = conflicts(s)
    assert len(told) == 1 and told[0]["connectorId"] == 0 and told[0]["status"] == "Available"
    assert told[0]["info"] == "A: Invalid, listed Accepted"
    s.csms.answers["Authorize"] = {"idTagInfo": {"status": "Accepted"}}
    assert try_card(s, "B") and conflicts(s)[1]["info"] == "B: Accepted, listed Blocked"
    assert send(s, 2, [entry("B")]) == "Accepted"
    s.run(500)
    assert s.csms.sent("StatusNotification")[-1]["errorCode"] == "NoError"


def test_a_conflict_with_the_answer_to_a_start():
    s = ready({"LocalPreAuthorize": "true"})
    assert send(s, 1, [entry("A")]) == "Accepted"
    answer = {"transactionId": 1, "idTagInfo": {"status": "Blocked"}}
    s.csms.answers["StartTransaction"] = answer
    s.plug()
    s.run(200)
    s.station.present("A")
    s.run(2000)
    assert len(conflicts(s)) == 1 and s.csms.sent("StopTransaction")[0]["reason"] == "DeAuthorized"


def test_install_by_the_host():
    s = ready()
    s.station.local_list_install(4, [entry("A"), entry("B", "Expired")])
    assert version(s) == 4 and find(s, "B") == ("Expired", None, None)
    for number, entries in (
        (0, [entry("A")]),
        (5, [{"idTag": "A"}]),
        (5, [entry("A"), entry("a")]),
        (5, ["A"]),
        (5, [entry("A", "Fine")]),
    ):
        raises(ValueError, s.station.local_list_install, number, entries)
    assert version(s) == 4 and find(s, "A")
    s.station.local_list_install(0, [])
    assert version(s) == 0
