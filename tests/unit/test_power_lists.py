# heap: 12M
# timeout: 1500
# marks: slow proof
"""Power cuts at every block operation while a reservation is made and used, and while local lists
are sent. See `power_station.py`."""

from central import NOW
from power_station import Proof, World

from ocpp.iso import to_iso

_LASTS = const(20)  # s: over before the next driver comes, should the power go before its use
_CARDS = const(30)


class Kept(World):
    """Where what was accepted is looked at after all cuts."""

    list_version = 0  # accepted last

    def judge(self, s, cuts):
        World.judge(self, s, cuts)
        assert s.station.reservations is None and s.c.reservation is None
        part = s.station.part("local_list")
        version = part.version()
        assert self.list_version <= version <= 2, (self.list_version, version)
        wanted = (None, "Accepted", "Blocked")[version]
        for n in range(_CARDS):
            info = part.find("CARD%d" % n)
            assert (info.status if info else None) == wanted, (n, version)


def reservation(world):
    s = world.boot()
    s.run(1000)
    until = to_iso(NOW + world.seconds() + _LASTS)
    request = {"connectorId": 1, "idTag": "MINE", "reservationId": 7, "expiryDate": until}
    assert s.ask("ReserveNow", request) == {"status": "Accepted"}
    s.plug()
    s.run(500)
    s.station.present("OTHER")
    s.run(500)
    assert s.c.tx is None
    s.station.present("MINE")
    s.run(8000)
    s.station.present("MINE")
    s.run(2000)
    s.unplug()
    s.run(1000)
    return s


def lists(world):
    s = world.boot()
    s.run(1000)
    for version, kind, status in ((1, "Full", "Accepted"), (2, "Differential", "Blocked")):
        entries = [{"idTag": "CARD%d" % n, "idTagInfo": {"status": status}} for n in range(_CARDS)]
        request = {"listVersion": version, "updateType": kind, "localAuthorizationList": entries}
        assert s.ask("SendLocalList", request, 5000) == {"status": "Accepted"}
        world.list_version = version
    return s


def test_a_reservation_from_its_making_to_its_use():
    assert Proof("reservation", Kept, reservation, 1).run() > 30


def test_local_lists():
    assert Proof("local lists", Kept, lists, 0).run() > 30
