# heap: 12M
# timeout: 900
# marks: slow proof
"""Power cuts at every single block operation while the log is compacted. See
`power_station.py`."""

from power_station import World, prove, session

OFFLINE = {"AllowOfflineTxForUnknownId": "true"}


def test_compaction():
    def scenario(world):
        s = world.boot()
        s.run(1000)
        for n in range(6):
            s.connection.disconnect()
            session(s, 1, "CARD%d" % n, 65000)
            s.connection.connect("ocpp1.6")
            s.run(4000)
        return s

    prove("compaction", lambda: World(settings=OFFLINE), scenario)
