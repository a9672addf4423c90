# marks: slow
# heap: 4M
# timeout: 600
"""A thousand transactions without a central system take no more heap to tell than a few."""

import gc
import json

from faulty import KINDS, Faulty, FaultyWorld

from ocpp.txlog import END, START

_MANY = const(1000)
_FEW = const(30)  # so many that segments are freed meanwhile: the code for that counts, too
_SLACK = const(4096)  # B
_BLOCKS = const(256)
_OFTEN = const(7)  # loops between two looks at the heap


class Counter(Faulty):
    """Keeps only the sum of what it is told, and checks the order."""

    def __init__(self, world):
        Faulty.__init__(self, world)
        self.count = 0  # transaction messages
        self.expected = _tags()

    def take(self, text):
        frame = json.loads(text)
        kind = KINDS.get(frame[2]) if frame[0] == 2 else None
        if kind not in ("start", "stop"):
            return Faulty.take(self, text)
        payload = frame[3]
        answer = {}
        if kind == "start":
            assert payload["idTag"] == next(self.expected), payload
            answer = {"transactionId": self.count, "idTagInfo": {"status": "Accepted"}}
        else:
            assert payload["transactionId"] == self.count - 1, payload
        self.count += 1
        self.send([3, frame[1], answer])


def _tags():
    n = 0
    while True:
        yield "T%d" % n
        n += 1


def offline(log, first, last, samples):
    """Transactions `first` to `last` as the station writes them; `samples`: (START's data, END's)
    of a real one."""
    start, end = samples
    for n in range(first, last):
        key = log.new_key()
        assert log.append(START, key, dict(start, id="T%d" % n))
        assert log.append(END, key, end)


def told(s, count, often=1):
    """Online until `count` messages are told; each `often` loops a look at the heap. -> its
    peak"""
    s.connect()
    peak = loops = 0
    while s.csms.count < count or s.station.log.pending() or s.station.busy:
        s.run(50, 50)
        loops += 1
        assert loops < 50 * _MANY, "it does not come to an end"
        if loops % often == 0:
            gc.collect()
            peak = max(peak, gc.mem_alloc())
        del s.events[:]
    s.connection.disconnect()
    s.run(3000)
    return peak


def test_the_heap_of_telling():
    world = FaultyWorld(blocks=_BLOCKS)
    world.csms = Counter(world)
    s = world.boot(online=False)
    log = s.station.log
    s.begin(1, "T0")
    key = log.open_transactions()[0][0]
    s.run(5000)
    s.finish(1, "T0")
    datas = [record.data for record in log.records(key)]
    samples = datas[0], datas[-1]
    assert len(datas) == 2 and log.pending() == 2, datas
    offline(log, 1, _FEW, samples)
    told(s, 2 * _FEW)  # all is loaded once
    offline(log, _FEW, 2 * _FEW, samples)
    few = told(s, 4 * _FEW)
    offline(log, 2 * _FEW, 2 * _FEW + _MANY, samples)
    assert log.pending() == 2 * _MANY and log.segments > 20
    many = told(s, 4 * _FEW + 2 * _MANY, _OFTEN)
    print("heap of telling %d: %d B, of %d: %d B" % (_FEW, few, _MANY, many))
    assert many - few < _SLACK, (few, many)
    assert log.segments <= 1 and not log.dropped
