"""What the firmware asks of the chip that it runs on, whatever the board. Each function imports
what it needs: none of it is there on every port."""

import sys

_TABLE = "data"  # label of a partition for the station's state, where the table has one


def cause():
    """Why the chip started, as a boot reason. On RP2 a reset by the program looks like one by the
    watchdog: `starts.py` knows of those."""
    import machine

    found = machine.reset_cause()
    for name in ("WDT_RESET", "DEEPSLEEP_RESET"):
        if found == getattr(machine, name, None):
            return "Watchdog"
    for name in ("SOFT_RESET", "HARD_RESET"):
        if found == getattr(machine, name, None) != getattr(machine, "PWRON_RESET", None):
            return "LocalReset"
    return "PowerUp"


def reset():
    """Start the chip anew. Does not return."""
    import machine

    machine.reset()


def watchdog(ms):
    """A watchdog with `feed()`, or None: the port has none. Once it runs, nothing stops it."""
    try:
        import machine

        return machine.WDT(timeout=ms)
    except (ImportError, AttributeError, ValueError, OSError):
        return None


def keep_feeding(dog):
    """Have a timer feed `dog`: the program has ended on purpose, for the prompt."""
    import machine

    try:
        timer = machine.Timer(-1)
    except ValueError:  # ESP32 has none in software
        timer = machine.Timer(0)
    timer.init(period=1000, mode=machine.Timer.PERIODIC, callback=lambda _: dog.feed())
    return timer


def identity():
    """The chip's serial number, hexadecimal."""
    import binascii

    import machine

    return binascii.hexlify(machine.unique_id()).decode()


def data():
    """Block device of a partition of its own for the station's state; None: there is none, the
    state is on the file system that the program came from."""
    if sys.platform != "esp32":
        return None
    from esp32 import Partition

    found = Partition.find(Partition.TYPE_DATA, label=_TABLE)
    return found[0] if found else None


def wifi():
    """The Wi-Fi interface of a client. OSError, ImportError: there is none, or it is broken."""
    return _wlan("STA_IF")


def access_point():
    """The Wi-Fi interface of an access point."""
    return _wlan("AP_IF")


def _wlan(name):
    import network

    kind = getattr(network, name, None)
    if kind is None:  # newer ports have it in the class alone
        kind = getattr(network.WLAN, "IF_" + name[: name.find("_")])
    return network.WLAN(kind)


def lan(facts):
    """The Ethernet interface of a board. `facts`: "network" of its board.json. OSError,
    ValueError, ImportError: there is none, or it is broken."""
    import network
    from machine import SPI, Pin

    from drivers import ethernet

    def pin(name):
        return Pin(int(facts[name][4:])) if name in facts else None

    if facts["kind"] == "lan8720":
        options = {name: pin(name) for name in ("power", "ref_clk")}
        address = facts.get("address", 1)
        return ethernet.lan8720(network, pin("mdc"), pin("mdio"), address=address, **options)
    bus = SPI(facts["spi"], sck=pin("sck"), mosi=pin("mosi"), miso=pin("miso"))
    return ethernet.w5500(network, bus, pin("cs"), interrupt=pin("interrupt"), reset=pin("reset"))


def secure_point(point, ssid, password):
    """Switch access point `point` on, with WPA2."""
    import network

    wpa2 = getattr(network, "AUTH_WPA_WPA2_PSK", None) or getattr(network.WLAN, "SEC_WPA_WPA2", 4)
    try:
        point.config(ssid=ssid, key=password, security=wpa2)
    except (ValueError, TypeError):  # other names on older ports
        point.config(essid=ssid, password=password)
    point.active(True)


def country(code):
    """Which radio channels are allowed."""
    import network

    if hasattr(network, "country"):
        network.country(code)


def hostname(name):
    import network

    if hasattr(network, "hostname"):
        network.hostname(name)


def set_time(unix):
    """Set the chip's calendar, by which TLS judges certificates."""
    import time

    import machine

    if time.gmtime(0)[0] == 2000:
        unix -= 946684800
    t = time.gmtime(unix)
    machine.RTC().datetime((t[0], t[1], t[2], t[6], t[3], t[4], t[5], 0))
