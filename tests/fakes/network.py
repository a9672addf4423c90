"""The module `network` of a chip that is not there. `networks`: what is on the air, {name:
password}; `cable`: an Ethernet cable is in; `missing`: the chip has no radio."""

STA_IF, AP_IF = 0, 1
STAT_IDLE, STAT_CONNECTING, STAT_GOT_IP = 0, 1, 3
STAT_WRONG_PASSWORD, STAT_NO_AP_FOUND, STAT_CONNECT_FAIL = -3, -2, -1
PHY_LAN8720 = 0
PHY_W5500 = 1
PHY_IP101 = 2

networks = {}
cable = True
interfaces = []  # all that were made
missing = False  # True: no radio in this chip


def hostname(name=None):
    return name or "ocppy"


def country(code=None):
    return code or "XX"


class _Interface:
    def __init__(self):
        if missing:
            raise OSError("no network hardware")
        interfaces.append(self)
        self._active = False
        self._wanted = None
        self.settings = {}

    def active(self, on=None):
        if on is None:
            return self._active
        self._active = bool(on)
        if not on:
            self._wanted = None
        return self._active

    def config(self, *names, **values):
        self.settings.update(values)
        return self.settings.get(names[0]) if names else None

    def ifconfig(self, *_):
        return ("192.168.4.2", "255.255.255.0", "192.168.4.1", "192.168.4.1")

    def ipconfig(self, *_, **__):
        return ("192.168.4.2", "255.255.255.0")


class WLAN(_Interface):
    IF_STA, IF_AP = STA_IF, AP_IF
    PM_NONE = 0

    def __init__(self, interface=STA_IF):
        super().__init__()
        self._interface = interface

    def connect(self, name, password=None):
        self._wanted = (name, password)

    def disconnect(self):
        self._wanted = None

    def isconnected(self):
        return self.status() == STAT_GOT_IP

    def status(self, what=None):
        if what == "rssi":
            return -60
        if not self._active or not self._wanted:
            return STAT_IDLE
        name, password = self._wanted
        if name not in networks:
            return STAT_NO_AP_FOUND
        return STAT_GOT_IP if networks[name] == password else STAT_WRONG_PASSWORD

    def scan(self):
        return [(name.encode(), bytes(6), 1, -60, 3, False) for name in networks]


class LAN(_Interface):
    def __init__(self, *_, **options):
        super().__init__()
        self.options = options

    def isconnected(self):
        return self._active and cable

    def status(self):
        return STAT_GOT_IP if self.isconnected() else STAT_IDLE
