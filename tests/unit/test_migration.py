# marks: slow
# heap: 8M
"""What an earlier firmware has left on flash is in use after an update: every image in `images/`
boots and delivers all. Downgrade: what a later one has written stays, and is spoken of."""

import os

from faulty import FaultyWorld
from flash_image import PREFIX, Image
from wreck import Case

from ocpp import records
from ocpp.log import log

FOLDER = "tests/unit/images/"
_KINDS = {"Started": "start", "Updated": "meter", "Ended": "stop"}


def images():
    names = sorted([n for n in os.listdir(FOLDER) if n.endswith(".img")])
    assert "1.0.0.img" in names, names
    return [Image(FOLDER + name) for name in names]


def test_all_is_told_and_in_use():
    for image in images():
        case = Case(image)
        assert len(image.pending) >= 20
        case.boots()
        case.judge()
        station = case.s.station
        assert not case.reported() and case.s.waiting() == (0, 1)
        assert station.settings.text("ConnectionTimeOut") == "42"
        assert [c.operative for c in station.connectors] == [True, True, False]
        assert station.authorization.local("ONE0").status == "Accepted"  # told before the cut
        assert case.world.csms.told[-1].kind == "stop"  # of what was open
        ((record, why),) = list(station.log.parked_records())
        assert record.kind == 3 and record.data["id"] == "PARKED" and why
        del case.world.csms.told[:]
        assert station.log.resend() == 1
        case.s.run(4000)
        (told,) = case.world.csms.told
        assert told.kind == "stop" and told.payload["idTag"] == "PARKED"
        assert case.s.waiting() == (0, 0)
        case.works()


def test_the_number_of_the_boot_goes_on():
    for image in images():
        case = Case(image)
        case.boots()
        first = case.s.clock.boot
        assert first > 1
        case.s = case.world.reboot()
        assert case.s.clock.boot == first + 1


def test_another_version_of_the_protocol_tells_it():
    """Begun under 1.6, told under 2.0.1: same energy, ids with what this flash has always had."""
    for image in images():
        case = Case(image)
        world = FaultyWorld(3, None, "2.0.1")
        world.flash.umount()
        world.flash = case.world.flash
        world.flash.mount()
        world.ms, world.wh, world.flowed = image.ms, list(image.wh), image.flowed
        world.cars = [False] * 3
        s = world.boot()
        s.run(20000)
        assert s.waiting() == (0, 1)
        told = [(t.kind, t.payload) for t in world.csms.told]
        count = {}
        for kind, payload in told:
            count[kind] = count.get(kind, 0) + 1
            assert payload["transactionInfo"]["transactionId"].startswith(PREFIX), payload
        expected = {}
        for entry in image.pending:
            expected[entry[0]] = expected.get(entry[0], 0) + 1
        expected["stop"] += 1  # of what was open
        assert count == expected, (count, expected)


def test_downgrade_is_refused_and_undone():
    """A log of a later format: the station charges, reports it at each start, deletes nothing."""
    lines = []
    case = Case(images()[0])
    world = case.world
    log.sink = lambda level, line: lines.append(line)
    kept = {}
    records.VERSION = 2
    label = records.label  # as later firmware begins a file
    for name in os.listdir("/flash/log"):
        path = "/flash/log/" + name
        with open(path, "rb") as f:
            data = f.read()
        number = records.first(path)[2]
        start = data.find(b"\xff\xfe", 2)
        kept[name] = label(number) + data[start:]
        with open(path, "wb") as f:
            f.write(kept[name])
    records.VERSION = 1
    for _ in range(2):
        s = world.reboot()
        s.run(5000)
        assert world.csms.told == [] and s.waiting() == (0, 0)
        assert sorted(s.station.ocpp_status()["newer"]) == sorted(kept)
        (warning,) = s.station.errors
        assert warning.info.startswith("of newer firmware, kept: ") and not warning.faulted
        assert s.c.status == "Available"
    assert len([line for line in lines if "newer format" in line]) == len(kept), lines
    s.session(tag="NOW", ms=3000)
    s.run(3000)
    assert [t.kind for t in world.csms.told] == ["start", "stop"]
    for name in kept:
        with open("/flash/log/%s.v2" % name, "rb") as f:
            assert f.read() == kept[name]
    last = max([fields[1] for name in kept for fields in written(name)])
    assert min([f[1] for f in written("tail", "")]) > last  # no number is used twice
    # The later firmware returns: it finds its files as it left them.
    world.flash.umount()
    world.flash.mount()
    for name in kept:
        os.rename("/flash/log/%s.v2" % name, "/flash/log/" + name)
    records.VERSION = 2
    del world.csms.told[:]
    world.cars = [False, True, False]
    try:
        case.boots()
        case.judge()
        case.works()
    finally:
        records.VERSION = 1


def written(name, suffix=".v2"):
    return [f for _, f, _ in records.each("/flash/log/" + name + suffix) if f and len(f) > 6]
