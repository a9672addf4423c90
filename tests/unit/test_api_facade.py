# heap: 3M
"""The module functions `ocpp.start`, `loop`, `run`, `stop`, ...; several stations; what a station
is made of."""

import asyncio

from central import NOW, Central, Setup, fresh_directory
from support import FakeClock, raises

import ocpp
from ocpp.clock import Clock
from ocpp.loopback import Loopback

CONFIG = {
    "connectors": 2,
    "charge_point": {"vendor": "ocppy", "model": "Test"},
    "ocpp": {"url": "ws://x/", "id": "cp", "version": "1.6"},
}


class World:
    """The default station with a central system behind it."""

    def __init__(self, clock=None, **parts):
        self.clock = clock or FakeClock()
        self.link = Loopback(self.clock)
        self.csms = Central(self.link.far, self.clock)
        self.station = ocpp.start(
            CONFIG, fresh_directory(), self.clock, connection=self.link, **parts
        )
        self.link.connect("ocpp1.6")

    def run(self, ms):
        for _ in range(ms // 10):
            self.clock.advance(10)
            ocpp.loop()
            self.csms.step()


def teardown():
    ocpp.stop()


def test_before_start_everything_says_so():
    for fn, arguments in (
        (ocpp.default, ()),
        (ocpp.loop, ()),
        (ocpp.connector, (1,)),
        (ocpp.present, ("TAG1",)),
        (ocpp.call, ("Heartbeat", {})),
    ):
        assert "start" in str(raises(ValueError, fn, *arguments)), fn
    assert "start" in str(raises(ValueError, asyncio.run, ocpp.run()))
    ocpp.stop()  # nothing to stop is no error


def test_start_loop_and_stop():
    w = World()
    assert ocpp.default() is w.station
    w.run(1500)
    assert w.csms.actions() == ["BootNotification"] + ["StatusNotification"] * 3
    assert ocpp.default() is w.station  # loading the domain has not hidden the functions
    ocpp.stop()
    assert w.link.far.code == 1000 and not w.link.connected
    assert "start" in str(raises(ValueError, ocpp.loop))


def test_a_second_start_is_refused():
    w = World()
    assert "already" in str(raises(ValueError, ocpp.start, CONFIG, "/ram", w.clock))
    assert ocpp.default() is w.station
    ocpp.stop()
    assert World().station is not w.station


def test_a_session_through_the_facade():
    w = World()
    w.run(500)
    c = ocpp.connector(2)
    assert c is w.station.connectors[1]
    c.plugged = c.ev_ready = c.evse_ready = True
    ocpp.present("TAG1", 2)
    w.run(1000)
    assert c.transaction.id_token == "TAG1" and c.status == "Charging"
    got = []
    ocpp.call("DataTransfer", {"vendorId": "v"}, lambda result, error: got.append(result))
    w.run(300)
    assert got == [{"status": "Accepted"}]
    for number in (0, -1, 3, "1", None):
        assert "connector" in str(raises(ValueError, ocpp.connector, number)), number


def test_stop_ends_no_transaction_and_a_start_goes_on():
    w = World()
    w.run(500)
    c = ocpp.connector(1)
    c.plugged = c.ev_ready = c.evse_ready = True
    ocpp.present("TAG1", 1)
    w.run(2000)
    ocpp.stop()
    assert w.csms.sent("StopTransaction") == []
    clock = FakeClock()
    link = Loopback(clock)
    config = dict(CONFIG, settings={"OnPowerLoss": "resume"})
    ocpp.start(config, "/ram", clock, connection=link)
    c = ocpp.connector(1)
    c.plugged = True
    for _ in range(30):
        clock.advance(10)
        ocpp.loop()
    assert c.transaction.id_token == "TAG1" and c.transaction.id == 1


def test_run_within_asyncio_until_stop():
    w = World(Clock())
    turns = []

    async def other():
        while not w.csms.statuses(2):
            w.csms.step()
            turns.append(1)
            await asyncio.sleep_ms(1)
        ocpp.stop()

    async def both():
        task = asyncio.create_task(ocpp.run())
        await asyncio.wait_for_ms(other(), 5000)
        await asyncio.wait_for_ms(task, 1000)

    asyncio.run(both())
    assert len(turns) > 3  # run() lets others work
    assert "start" in str(raises(ValueError, ocpp.default))


def test_two_stations_in_one_process():
    clocks = [FakeClock(unix=NOW), FakeClock(unix=NOW)]
    root = fresh_directory()
    stations, centrals = [], []
    import os

    for n, clock in enumerate(clocks):
        folder = "%s/%d" % (root, n)
        os.mkdir(folder)
        link = Loopback(clock)
        config = dict(CONFIG, connectors=n + 1, settings={"ConnectionTimeOut": str(100 + n)})
        station = ocpp.Station(config, folder, clock, connection=link)
        stations.append(station)
        centrals.append(Central(link.far, clock))
        link.connect("ocpp1.6")

    def run(ms):
        for _ in range(ms // 10):
            for n in (0, 1):
                clocks[n].advance(10)
                stations[n].loop()
                centrals[n].step()

    run(1000)
    assert [len(c.sent("StatusNotification")) for c in centrals] == [2, 3]
    stations[0].connectors[0].plugged = True
    stations[0].present("TAG1", 1)
    run(1000)
    assert stations[0].connectors[0].transaction and not stations[1].connectors[0].transaction
    assert centrals[0].sent("StartTransaction") and not centrals[1].sent("StartTransaction")
    assert [s.settings.get("ConnectionTimeOut") for s in stations] == [100, 101]
    stations[1].settings.force("ConnectionTimeOut", "7")
    assert [s.settings.get("ConnectionTimeOut") for s in stations] == [100, 7]
    assert "start" in str(raises(ValueError, ocpp.default))  # neither is the default one


def test_what_a_station_cannot_be_made_of():
    root = fresh_directory()
    e = raises(ValueError, ocpp.Station, CONFIG, root)
    assert "open_link" in str(e) and "remote" in str(e)
    link = Loopback()
    for version in ("3.0", [], ["1.5"]):
        config = dict(CONFIG, ocpp={"version": version})
        e = raises(ValueError, lambda c=config: ocpp.Station(c, root, connection=link))
        assert "version" in str(e), e
    for count in (0, -1, []):
        config = dict(CONFIG, connectors=count)
        e = raises(ValueError, lambda c=config: ocpp.Station(c, root, connection=link))
        assert "connectors" in str(e), e
    e = raises(ValueError, lambda: ocpp.Station(dict(CONFIG, ocpp={}), root, open_link=len))
    assert "ocpp.url" in str(e), e
    raises(OSError, lambda: ocpp.Station(CONFIG, root + "/none", connection=link))


def test_connectors_as_a_list_and_no_ocpp_section():
    station = ocpp.Station({"connectors": [{}, {}, {}]}, fresh_directory(), connection=Loopback())
    assert len(station.connectors) == 3 and station.version == "1.6"


def test_settings_of_the_host():
    line = "HostLimit|HostCtrlr.Limit|int|A|16|6..32|rw|"
    more = "|HostCtrlr.Name|str||nobody||rw|reboot"
    s = Setup(settings={"HostLimit": "20"}, declare=[line, more])
    settings = s.station.settings
    assert s.station.problems == []
    assert settings.get("HostLimit") == 20 and settings.get("HostCtrlr.Name") == "nobody"
    seen = []
    settings.watch("HostLimit", seen.append)
    s.run(500)

    def ask(value):
        return s.ask("ChangeConfiguration", {"key": "HostLimit", "value": value})["status"]

    assert ask("25") == "Accepted" and settings.get("HostLimit") == 25 and seen == [25]
    assert ask("33") == "Rejected" and ask("x") == "Rejected" and settings.get("HostLimit") == 25
    settings.validators["HostLimit"] = lambda text: "odd" if int(text) % 2 else None
    assert ask("11") == "Rejected" and ask("12") == "Accepted" and seen == [25, 12]
    told = s.ask("GetConfiguration", {"key": ["HostLimit"]})["configurationKey"]
    assert told == [{"key": "HostLimit", "readonly": False, "value": "12"}], told
    again = s.restart(
        declare=[line, more]
    )  # the change survives, the installation's default does not win
    assert again.station.settings.get("HostLimit") == 12


def test_settings_that_are_none():
    for line, word in (
        ("HostLimit|int", "8 fields"),
        ("HeartbeatInterval||int||1||rw|", "already"),
        ("||int||1||rw|", "named"),
        ("HostLimit||number||1||rw|", "type"),
        ("HostLimit||int||x||rw|", "whole number"),
    ):
        e = raises(ValueError, lambda text=line: Setup(declare=[text]))
        assert word in str(e), (line, e)
    s = Setup()
    raises(KeyError, s.station.settings.get, "NoSuch")
    raises(KeyError, s.station.settings.watch, "NoSuch", len)
    raises(KeyError, s.station.settings.force, "NoSuch", "1")
    assert "0" in str(raises(ValueError, s.station.settings.force, "ConnectionTimeOut", "-1"))
