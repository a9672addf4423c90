"""The supervision of a chip's network, with an interface that does as the test says."""

from net import Network
from support import FakeClock


class Interface:
    def __init__(self, names=()):
        self.names = names  # that can be joined
        self.calls = []
        self.wanted = None
        self.on = False
        self.lies = False  # says it is connected, whatever is
        self.address = "192.168.1.7"
        self.fails = None  # exception that every call raises

    def _call(self, *words):
        if self.fails:
            raise self.fails
        self.calls.append(words)

    def active(self, on):
        self._call("active", on)
        self.on = on
        if not on:
            self.wanted = None

    def connect(self, name, password):
        self._call("connect", name, password)
        self.wanted = name

    def disconnect(self):
        self._call("disconnect")
        self.wanted = None

    def isconnected(self):
        if self.fails:
            raise self.fails
        return self.lies or self.wanted in self.names

    def ifconfig(self):
        return (self.address, "255.255.255.0", "192.168.1.1", "192.168.1.2")

    def joined(self):
        return [call[1] for call in self.calls if call[0] == "connect"]


class Setting:
    """A Network and its surroundings."""

    def __init__(self, interface, networks=(("home", "secret99"),), transaction=False):
        self.clock = FakeClock()
        self.interface = interface
        self.last = None  # ticks of the last bytes heard
        self.told = []
        self.reboots = 0
        self.transaction = transaction
        self.net = Network(
            "Wi-Fi",
            self.open,
            list(networks),
            self.clock,
            lambda: self.last,
            self.told.append,
            self.reboot,
        )

    def open(self):
        if isinstance(self.interface, Exception):
            raise self.interface
        return self.interface

    def reboot(self):
        self.reboots += not self.transaction
        return not self.transaction

    def run(self, seconds, hear=False):
        for _ in range(seconds * 2):
            self.clock.advance(500)
            if hear:
                self.last = self.clock.ticks()
            self.net.step()


def test_joins_and_tells_the_name_server():
    s = Setting(Interface(["home"]))
    s.run(2)
    assert s.net.up and s.net.address == "192.168.1.7" and s.told == ["192.168.1.2"]
    assert s.interface.calls[:2] == [("active", True), ("connect", "home", "secret99")]


def test_takes_the_next_network_and_comes_back_to_the_first():
    s = Setting(Interface(["second"]), [("first", "x" * 8), ("second", "")])
    s.run(60)
    assert s.interface.joined() == ["first", "second"] and s.net.up
    assert ("connect", "second", None) in s.interface.calls  # an open one
    s.interface.names = ["first"]
    s.run(120)
    assert s.net.up and s.net.ssid == "first"
    assert s.told == ["192.168.1.2", None, "192.168.1.2"]


def test_a_missing_network_is_told_in_words():
    s = Setting(Interface())
    s.run(60)
    assert not s.net.up and s.told == []
    assert s.net.error == 'Wi-Fi "home" not reached in 20 s'


def test_an_address_is_needed():
    interface = Interface(["home"])
    interface.address = "0.0.0.0"
    s = Setting(interface)
    s.run(10)
    assert not s.net.up
    interface.address = "10.0.0.2"
    s.run(2)
    assert s.net.up


def test_another_address_is_another_network():
    s = Setting(Interface(["home"]))
    s.run(5, hear=True)
    s.interface.address = "192.168.1.99"
    s.run(2, hear=True)
    assert s.told == ["192.168.1.2", None, "192.168.1.2"]


def test_nothing_is_done_while_something_is_heard():
    s = Setting(Interface(["home"]))
    s.run(5000, hear=True)
    assert s.interface.joined() == ["home"] and s.told == ["192.168.1.2"] and not s.reboots


def test_an_interface_that_lies_is_not_trusted():
    interface = Interface(["home"])
    s = Setting(interface)
    s.run(5, hear=True)
    interface.lies = True
    s.run(190)
    assert interface.joined() == ["home", "home"]  # left and joined anew
    assert ("active", False) not in interface.calls
    s.run(460)
    assert interface.calls.count(("active", False)) == 1  # off and on
    assert not s.reboots
    s.run(3100)
    assert s.reboots == 1


def test_no_restart_in_a_transaction():
    interface = Interface(["home"])
    s = Setting(interface, transaction=True)
    s.run(5, hear=True)
    s.run(9000)
    assert s.reboots == 0
    s.transaction = False
    s.run(3100)
    assert s.reboots == 1


def test_a_network_that_was_there_and_does_not_come_back():
    interface = Interface(["home"])
    s = Setting(interface)
    s.run(5, hear=True)
    interface.names = []
    s.run(3500)
    assert not s.net.up and s.reboots == 0
    s.run(200)
    assert s.reboots == 1


def test_no_restart_for_a_central_system_that_was_never_heard():
    s = Setting(Interface(["home"]))
    s.run(20000)
    assert s.net.up and s.reboots == 0


def test_hearing_again_starts_the_ladder_anew():
    interface = Interface(["home"])
    s = Setting(interface)
    s.run(5, hear=True)
    s.run(190)
    s.run(20, hear=True)
    s.run(190)
    assert ("active", False) not in interface.calls and len(interface.joined()) == 3


def test_no_radio_is_no_disaster():
    for error in (OSError("CYW43 missing"), ImportError("network"), RuntimeError("odd")):
        s = Setting(error)
        s.run(200)
        assert not s.net.up and type(error).__name__ in s.net.error and s.told == []


def test_an_interface_that_breaks_is_tried_again():
    interface = Interface(["home"])
    s = Setting(interface)
    s.run(5)
    interface.fails = OSError(5)
    s.run(10)
    assert not s.net.up and s.told[-1] is None
    interface.fails = None
    s.run(70)
    assert s.net.up


def test_ethernet_joins_nothing():
    interface = Interface([None])
    s = Setting(interface, ())
    s.run(3)
    assert s.net.up and not interface.joined()
    interface.names = []
    s.run(3)
    assert not s.net.up and s.told[-1] is None


def test_tries_in_vain_renew_the_interface():
    s = Setting(Interface())
    s.run(300)
    assert ("active", False) in s.interface.calls
    s.interface.names = ["home"]
    s.run(60)
    assert s.net.up
