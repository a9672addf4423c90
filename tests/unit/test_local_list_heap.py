# heap: 320K
# timeout: 60
"""A list of 5,000 identifiers in a small heap, where each object is twice the size of a board's
and sources are compiled on the way: it is never loaded, an update takes room for its message
only, and what does not fit is refused with the list as it was."""

import gc
import json
import os

from central import Setup

from ocpp.rpc import CallError
from ocpp.station import local_list
from ocpp.station.identity import IdInfo

MANY = const(5000)
BATCH = const(50)
MESSAGE = const(50)  # SendLocalListMaxLength


class Nothing:
    """Frames that nobody looks at."""

    def append(self, entry):
        pass


def tag(n):
    return "%08X" % (n * 7919 % 1000003)


def filled():
    """A station with a full list."""
    gc.threshold(16384)
    s = Setup(1, {"LocalAuthListMaxLength": str(MANY)}, os.getenv("TMPDIR"))
    s.csms.frames = Nothing()
    s.run(1000)
    part = s.station.part("local_list")
    for start in range(0, MANY, BATCH):
        info = IdInfo("Accepted", "GROUP%d" % (start % 700))
        lines = [local_list.line(tag(n), info) for n in range(start, start + BATCH)]
        for _ in part.update(start + 1, lines, False):
            pass
    return s


def send(s, version, entries):
    return s.ask(
        "SendLocalList",
        {
            "listVersion": version,
            "updateType": "Differential",
            "localAuthorizationList": entries,
        },
        30000,
    )


def test_five_thousand():
    s = filled()
    part = s.station.part("local_list")
    assert part.version() == MANY - BATCH + 1
    for n in range(0, MANY, 97):
        assert part.find(tag(n)).status == "Accepted" and part.find(tag(n) + "!") is None
    gc.collect()
    before = gc.mem_alloc()
    gc.disable()
    assert part.find(tag(4999))
    used = gc.mem_alloc() - before
    gc.enable()
    print("a look-up allocates", used)
    assert used < 12288
    info = {"status": "Blocked", "parentIdTag": "G" * 20, "expiryDate": "2030-01-01T00:00:00.000Z"}
    for turn in range(3):
        entries = [{"idTag": tag(n + turn), "idTagInfo": info} for n in range(MESSAGE)]
        assert send(s, MANY + turn, entries) == {"status": "Accepted"}, turn
    gc.collect()
    assert s.station.part("local_list").find(tag(0)).status == "Blocked"
    new = [{"idTag": "NEW", "idTagInfo": {"status": "Accepted"}}]
    assert send(s, 9000, new) == {"status": "Failed"}  # it is full
    too_much(s, info)


def too_much(s, info):
    """A message for which there is no room: refused, and everything is as before."""
    version = MANY + 2
    for kilobytes in range(44, 16, -4):
        answer = send_with(s, version + 1, info, kilobytes * 1024)
        if isinstance(answer, CallError):
            break
        assert answer == {"status": "Accepted"}
        version += 1
    assert answer.code == "InternalError" and answer.description == "out of memory"
    part = s.station.part("local_list")
    assert part.version() == version and part.find(tag(0)).status == "Blocked" and not part.busy
    assert s.ask("SendLocalList", {"listVersion": 1, "updateType": "Full"}) == {
        "status": "Accepted"
    }


def send_with(s, version, info, free):
    """The answer to an update for which there are so many bytes of heap."""
    entries = [{"idTag": tag(n), "idTagInfo": info} for n in range(MESSAGE)]
    payload = {
        "listVersion": version,
        "updateType": "Differential",
        "localAuthorizationList": entries,
    }
    text = json.dumps([2, "big", "SendLocalList", payload])
    entries = payload = None
    s.csms.results.clear()
    gc.collect()
    ballast = None
    while gc.mem_free() > free:
        ballast = (bytearray(512), ballast)
    s.connection.far.send(text)
    text = None
    s.run(3000)
    return s.csms.results["big"]
