# heap: 12M
# timeout: 900
# marks: slow proof
"""Power cuts at every single block operation of a whole station's life. See `power_station.py`."""

from power_station import World, prove, session

OFFLINE = {"AllowOfflineTxForUnknownId": "true"}


def test_boot():
    def scenario(world):
        s = world.boot()
        s.run(5000)
        return s

    prove("boot", World, scenario)


def test_card_first_session():
    def scenario(world):
        s = world.boot()
        s.run(1000)
        s.station.present("CARD1")
        s.run(1000)
        s.plug()
        s.run(70000)
        s.station.present("CARD1")
        s.run(2000)
        s.unplug()
        s.run(2000)
        return s

    prove("card first", World, scenario)


def test_plug_first_session_offline_then_online():
    def scenario(world):
        s = world.boot(online=True)
        s.run(1000)
        s.connection.disconnect()
        session(s, 1, "CARD1", 50000)
        s.connection.connect("ocpp1.6")
        s.run(5000)
        return s

    prove("plug first, offline then online", lambda: World(settings=OFFLINE), scenario)


def test_two_connectors_interleaved():
    def scenario(world):
        s = world.boot()
        s.run(1000)
        s.plug(1)
        s.station.present("CARD1", 1)
        s.run(15000)
        s.plug(2)
        s.station.present("CARD2", 2)
        s.run(30000)
        s.station.present("CARD1", 1)
        s.run(10000)
        s.unplug(1)
        s.run(5000)
        s.station.present("CARD2", 2)
        s.run(2000)
        s.unplug(2)
        s.run(1000)
        return s

    prove("two connectors", lambda: World(2), scenario)


def test_stop_while_offline():
    def scenario(world):
        s = world.boot()
        s.run(1000)
        s.plug()
        s.station.present("CARD1")
        s.run(25000)
        s.connection.disconnect()
        s.run(10000)
        s.station.present("CARD1")
        s.run(2000)
        s.unplug()
        s.run(2000)
        s.connection.connect("ocpp1.6")
        s.run(3000)
        return s

    prove("stop while offline", World, scenario)


def test_reconnection_in_the_middle_of_a_replay():
    def scenario(world):
        s = world.boot()
        s.run(1000)
        s.connection.disconnect()
        for n in range(3):
            session(s, 1, "CARD%d" % n, 25000)
        s.connection.connect("ocpp1.6")
        s.run(200)  # some of it is told
        s.connection.disconnect()
        s.run(500)
        s.connection.connect("ocpp1.6")
        s.run(5000)
        return s

    prove("reconnection in a replay", lambda: World(settings=OFFLINE), scenario)


def test_settings_and_availability():
    def scenario(world):
        s = world.boot()
        s.run(1000)
        for value in ("31", "32", "33"):
            world.accepted.pop("ConnectionTimeOut", None)
            if s.ask("ChangeConfiguration", {"key": "ConnectionTimeOut", "value": value}) == {
                "status": "Accepted"
            }:
                world.accepted["ConnectionTimeOut"] = value
            for kind in ("Inoperative", "Operative"):
                s.ask("ChangeAvailability", {"connectorId": 0, "type": kind})
        session(s, 1, "CARD1", 10000)
        return s

    prove("settings and availability", World, scenario)


def test_reset_in_a_session():
    def scenario(world):
        s = world.boot()
        s.run(1000)
        again = []
        s.station.on_reset = again.append
        s.plug()
        s.station.present("CARD1")
        s.run(20000)
        s.ask("Reset", {"type": "Soft"})
        s.run(3000)
        assert again == ["Soft"]
        s = world.boot()
        s.run(5000)
        s.unplug()
        s.run(1000)
        return s

    prove("reset", World, scenario)


def test_resume_with_the_same_car():
    def make():
        world = World(settings={"OnPowerLoss": "resume"})
        world.leaves = False
        return world

    def scenario(world):
        s = world.boot()
        s.run(1000)
        s.plug()
        s.station.present("CARD1")
        s.run(40000)
        s.station.present("CARD1")
        s.run(2000)
        s.unplug()
        s.run(1000)
        return s

    prove("resume", make, scenario)
