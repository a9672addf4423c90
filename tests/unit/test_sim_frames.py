import json
import os

from frames import Frames
from support import raises


def frames():
    return Frames(os.getenv("TMPDIR") + "/frames", lambda: 1795230000)


def line(log, n):
    return json.loads(b"".join(log.pieces(n)))


def test_lines():
    log = frames()
    log.add("out", '[2,"1","Heartbeat",{}]')
    log.add("in", '[3,"1",{"currentTime":"x\\n\\u00e4"}]')
    first = line(log, 1)
    assert first == {
        "n": 1,
        "t": "2026-11-21T03:00:00Z",
        "dir": "out",
        "frame": [2, "1", "Heartbeat", {}],
    }
    second = line(log, 2)
    assert second["frame"][2]["currentTime"] == "x\n\u00e4" and second["dir"] == "in"
    assert (log.first, log.last) == (1, 2)


def test_what_is_no_frame():
    log = frames()
    for text in ('not "JSON"', "{}", '[1,{"a":}]', "[" + "1," * 60000 + "1]"):
        log.add("in", text)
        found = line(log, log.last)
        assert found["frame"] is None and found["text"] == text[:200]


def test_number_of_frames_is_bounded():
    log = frames()
    for i in range(1300):
        log.add("out", "[%d]" % i)
    assert log.last == 1300 and log.first == 1300 - 511
    for n in range(log.first, log.last + 1):
        assert line(log, n)["frame"] == [n - 1]


def test_size_is_bounded():
    log = frames()
    for i in range(150):
        log.add("out", '[%d,"%s"]' % (i, "x" * (37 * i * 7 % 40000)))
        for n in (log.first, log.last):
            entry = line(log, n)
            assert entry["n"] == n and entry["frame"][0] == n - 1
    assert log.first > 1 and log.last == 150
    for n in range(log.first, log.last + 1):
        assert line(log, n)["n"] == n
    assert os.stat(os.getenv("TMPDIR") + "/frames")[6] <= 1000000


def test_a_frame_that_is_overwritten_while_it_is_read():
    log = frames()
    log.add("out", '["%s"]' % ("x" * 5000))
    pieces = log.pieces(1)
    assert len(next(pieces)) <= 1024
    for i in range(600):
        log.add("out", "[%d]" % i)
    raises(OSError, next, pieces)


def test_without_a_file_a_few_are_kept_in_memory():
    log = Frames(None, lambda: 1795230000)
    for n in range(100):
        log.add("out", '[2,"%d","Heartbeat",{}]' % n)
    assert log.last == 100 and 20 <= log.last - log.first < 32
    for n in range(log.first, log.last + 1):
        assert line(log, n)["frame"][1] == str(n - 1)
    log.add("out", "[%s1]" % ("1," * 600))
    assert line(log, 101)["frame"] is None
