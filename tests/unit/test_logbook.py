# heap: 4M
"""The log on flash, the record of a crash, and what of both goes into diagnostics."""

import os

from central import fresh_directory
from logbook import Logbook
from support import FakeClock

from ocpp.log import DEBUG, ERROR, INFO, WARN, log

NOW = 1795230000
folder = None
clock = None


def setup():
    global folder, clock
    folder = fresh_directory()
    clock = FakeClock(unix=NOW)


def teardown():
    log.book = None


class Counting(Logbook):
    """Counts how often it writes."""

    count = 0

    def write(self):
        before = self._credit
        super().write()
        self.count += self._credit < before


def book():
    return Counting(folder, clock, clock.unix)


def text():
    found = b""
    for name in ("/log.old", "/log.txt"):
        try:
            with open(folder + name, "rb") as f:
                found += f.read()
        except OSError:
            pass
    return found.decode()


def writes(b, seconds, lines_a_second=1, length=60):
    """How often flash was written in that time."""
    before = b.count
    for _ in range(seconds):
        clock.advance(1000)
        for _ in range(lines_a_second):
            b.add(INFO, "x" * length)
        b.step()
    return b.count - before


def test_lines_wait_for_company():
    b = book()
    b.add(INFO, "info a: b")
    b.step()
    assert text() == ""
    b.add(ERROR, "error a: c")
    b.step()
    assert text() == "%d info a: b\n%d error a: c\n" % (NOW, NOW)


def test_nothing_waits_longer_than_ten_minutes():
    b = book()
    b.add(INFO, "line")
    clock.advance(600000)
    b.step()
    assert text() == "%d line\n" % NOW


def test_flash_is_spared():
    b = book()
    assert 12 <= writes(b, 3600, 5) <= 12 + 6
    assert 140 <= writes(b, 86400 // 4) * 4 <= 148
    assert "lines left out)" in text()


def test_the_files_are_bounded():
    b = book()
    for _ in range(200):
        clock.advance(600000)
        b.step()
        for n in range(10):
            b.add(ERROR, "y" * 90)
        b.step()
    assert os.stat(folder + "/log.txt")[6] <= 16384
    assert os.stat(folder + "/log.old")[6] <= 16384
    assert len(text()) > 16384


def test_memory_is_bounded_and_long_lines_cut():
    b = book()
    b._credit = 0
    for _ in range(100):
        b.add(ERROR, "z" * 5000)
    assert b._size <= len(b._buffer) == 1024
    b._credit = 1
    b.write()
    assert "lines left out)" in text() and len(text()) < 1200


def test_a_full_flash_is_no_fault():
    b = book()
    with open(folder + "/big", "wb") as f:
        try:
            while True:
                f.write(b"x" * 4000)
        except OSError:
            pass
    for _ in range(50):
        b.add(ERROR, "w" * 200)
        b.step()


def test_what_is_logged_goes_there_too():
    b = book()
    log.book = b.add
    printed = []
    log.sink = lambda level, line: printed.append(line)
    try:
        log.info("a", "one")
        log.debug("a", "two")
        log.warn("a", "three")
        log.trace(ValueError("four"))
    finally:
        log.sink = None
    b._urgent = True
    b.step()
    assert text().startswith("%d info a: one\n%d warn a: three\n%d ..." % (NOW, NOW, NOW))
    assert text().endswith("ValueError: four \n")
    assert printed == ["warn a: three"]
    assert DEBUG > INFO > WARN


class Frames:
    """Frames as of `frames.Frames`."""

    def __init__(self, *texts):
        self._texts = texts
        self.first, self.last = 1, len(texts)

    def pieces(self, n):
        data = self._texts[n - 1].encode()
        for i in range(0, len(data), 100):
            yield data[i : i + 100]


def frame(n, text, t="2026-11-21T03:00:00Z"):
    return '{"n": %d, "t": "%s", "dir": "in", "frame": %s}' % (n, t, text)


def shown(frames=None, oldest=None, latest=None):
    import crash

    return [x for x in crash.lines(folder, frames or Frames(), oldest, latest) if x]


def test_diagnostics():
    b = book()
    b.add(INFO, "first")
    clock.advance(10000)
    b.add(ERROR, "second")
    b.step()
    frames = Frames(
        frame(1, '[2,"a","Heartbeat",{}]'), "rubbish", frame(3, '["' + "x" * 9000 + '"]')
    )
    found = shown(frames)
    assert found[:3] == ["[log]", "2026-11-21T03:00:00Z first", "2026-11-21T03:00:10Z second"]
    assert found[3:] == ["[frames]", frame(1, '[2,"a","Heartbeat",{}]'), "(a long frame)"]
    assert shown(frames, NOW + 5)[1] == "2026-11-21T03:00:10Z second"
    assert shown(frames, None, NOW + 5)[1:3] == ["2026-11-21T03:00:00Z first", "[frames]"]


def test_passwords_are_not_shown():
    for word in ("AuthorizationKey", "authorizationKEY", "BasicAuthPassword"):
        text = '[2,"a","ChangeConfiguration",{"key":"%s","value":"geheim"}]' % word
        found = "\n".join(shown(Frames(frame(1, text))))
        assert "geheim" not in found and "not shown: " in found


def test_urls_with_a_password_are_not_shown():
    text = '[2,"a","GetDiagnostics",{"location":"ftp://me:geheim@host/x"}]'
    found = "\n".join(shown(Frames(frame(1, text), frame(2, text.replace("me:geheim@", "")))))
    assert "geheim" not in found and "ftp://host/x" in found


def test_flash_of_the_worst_day():
    from powercut import Flash

    flash = Flash(256)
    flash.mount("/day")
    b = Counting("/day", clock, clock.unix)
    writes(b, 1200, 20)
    flash.clear()
    assert writes(b, 86400 // 10) > 10  # a tenth of it, with a line a second
    flash.umount("/day")
    assert flash.erased < 256 // 10, flash.erased


def test_a_crash():
    import crash

    os.mkdir(folder + "/state")
    try:
        raise ValueError("on purpose")
    except ValueError as e:
        crash.crashed(folder, e, NOW, 7, "RemoteReset")
    found = shown()
    assert found[0] == "[last crash]" and "time=2026-11-21T03:00:00Z" in found
    assert "boot_reason=RemoteReset" in found and "ValueError: on purpose" in found
    assert shown(None, NOW + 1)[0] == "[log]"  # another time is asked for
