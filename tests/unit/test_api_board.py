"""The control API on a board with pins: who is served, and that nothing is simulated there."""

import asyncio
import json

from api import Api
from support import FakeClock

HEADERS = "Host: charger\r\nAuthorization: Basic YW55Om9wZW4gc2VzYW1l\r\n"  # any:open sesame


class Socket:
    def read(self, size):
        raise OSError(11)


class Reader:
    """A client that has sent this and waits."""

    def __init__(self, data):
        self._data = data
        self.s = Socket()

    async def read(self, size):
        data, self._data = self._data[:size], self._data[size:]
        return data

    async def readexactly(self, size):
        return await self.read(size)


class Writer:
    def __init__(self):
        self.data = b""

    async def awrite(self, data):
        self.data += data if isinstance(data, bytes) else data.encode()

    async def aclose(self):
        pass


class Meter:
    power_w = 7360


class Guard:
    phases = 3


class Evse:
    id = 1
    connected = ev_ready = True
    energy_wh = 1234
    errors = (("GroundFailure", "", "", "", True),)
    meter = Meter()
    guard = Guard()
    limit_ma = None

    def locked(self):
        return True


class Board:
    def __init__(self):
        self.evses = [Evse()]

    def clock(self):
        return FakeClock()


class Frames:
    first, last = 1, 0


class Runner:
    app = record = None

    def __init__(self, enabled, password):
        self.board = Board()
        self.frames = Frames()
        self.chores = []
        self.config = {
            "console": {"enabled": enabled, "password": password},
            "ocpp": {"version": ["1.6"]},
        }

    def ready(self):
        return None

    def time(self):
        return 1795230000


def ask(line, headers=HEADERS, body="", enabled=True, password="open sesame"):
    """(status, body) of a request."""
    api = Api(Runner(enabled, password))
    head = "%s HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n" % (line, headers, len(body))
    writer = Writer()
    asyncio.run(api.serve(Reader((head + body).encode()), writer))
    head, _, found = writer.data.partition(b"\r\n\r\n")
    return int(head.split()[1]), found


def test_who_is_served():
    assert ask("GET /api/status", password="")[0] == 403
    assert ask("GET /", password="")[0] == 403
    assert ask("GET /api/status", enabled=False)[0] == 404
    assert ask("GET /api/status", "Host: charger\r\n")[0] == 401
    wrong = "Authorization: Basic YW55Om9wZW4=\r\n"  # any:open
    assert ask("GET /api/status", wrong)[0] == 401
    assert ask("GET /api/status")[0] == 200, ask("GET /api/status")
    other = HEADERS + "Origin: http://evil.example\r\n"
    assert ask("POST /api/reboot", other, "{}")[0] == 403


def test_what_is_seen():
    status = json.loads(ask("GET /api/status")[1])
    assert status["sim"] is None
    (connector,) = status["connectors"]
    wanted = {
        "plugged": True,
        "ev": "C",
        "relay": True,
        "locked": True,
        "power_w": 7360,
        "energy_wh": 1234,
        "faults": ["GroundFailure"],
    }
    for name in wanted:
        assert connector[name] == wanted[name], name


def test_nothing_is_simulated():
    for path in ("rfid", "network", "speed", "connectors/1/plug", "connectors/1/fault"):
        assert ask("POST /api/" + path, body='{"idTag": "A"}')[0] == 404, path
    assert ask("POST /api/connectors/1/limit", body='{"current_a": "x"}')[0] == 400
    assert ask("POST /api/connectors/1/limit", body='{"current_a": 6}')[0] == 503, ask(
        "POST /api/connectors/1/limit", body='{"current_a": 6}'
    )  # not yet


def test_messages_that_are_none():
    assert json.loads(ask("GET /api/messages")[1]) == {"messages": []}
    assert ask("GET /api/nonsense")[0] == 404
    assert ask("POST /api/limit", body="{")[0] == 400
