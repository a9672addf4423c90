"""The set-up of a charger over real sockets: page, form, and the name server that leads to it."""

import json
import queue
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import mpunit
import pytest
from clients import ROOT

_FORM = {
    "ssid": "home",
    "wifi_password": "secret99",
    "url": "ws://csms.example/ocpp",
    "id": "cp7",
    "version": "1.6",
    "security_profile": "0",
    "password": "",
}


def free(kind):
    with socket.socket(socket.AF_INET, kind) as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Portal:
    def __init__(self, folder):
        self.folder = folder
        self.http, self.dns = free(socket.SOCK_STREAM), free(socket.SOCK_DGRAM)
        command = [mpunit.micropython(), "-X", "heapsize=1M", "tests/integration/portal_driver.py"]
        self.child = subprocess.Popen(
            [*command, str(folder), str(self.http), str(self.dns)],
            cwd=ROOT,
            env=mpunit.micropython_env(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.told = queue.Queue()
        self.lines = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.child.stdout:
            self.lines.append(line)
            if line.startswith("@"):
                self.told.put(json.loads(line[1:]))

    def get(self, path="/", data=None, method=None):
        """(status, text)"""
        url = "http://127.0.0.1:%d%s" % (self.http, path)
        try:
            request = urllib.request.Request(url, data, method=method)
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode()

    def post(self, **fields):
        return self.get("/", urllib.parse.urlencode({**_FORM, **fields}).encode())

    def config(self):
        path = self.folder / "data" / "config.new"
        return json.loads(path.read_text()) if path.exists() else None

    def ask(self, packet):
        """The answer of the name server within a second, or None."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(1)
            asking.sendto(packet, ("127.0.0.1", self.dns))
            try:
                return asking.recv(600)
            except OSError:
                return None


@pytest.fixture
def portal(tmp_path):
    made = Portal(tmp_path)
    end = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", made.http), 1).close()
            break
        except OSError:
            assert time.monotonic() < end and made.child.poll() is None, made.lines
            time.sleep(0.05)
    yield made
    made.child.kill()
    made.child.wait()


def question(name, kind=1, number=b"\x12\x34", flags=b"\x01\x00"):
    labels = b"".join(bytes([len(part)]) + part for part in name.encode().split(b"."))
    return number + flags + b"\0\1\0\0\0\0\0\0" + labels + b"\0" + bytes([0, kind, 0, 1])


def test_page_and_form(portal):
    first = portal.told.get(timeout=20)
    assert first["name"] == "ocppy-123456"
    assert first["password"] == (portal.folder / "label").read_text()
    status, text = portal.get()
    assert status == 200 and text.startswith("<!doctype html>") and "<form method=post>" in text
    for path in ("/generate_204", "/hotspot-detect.html", "/api/status"):  # as telephones ask
        assert portal.get(path) == (200, text)
    status, text = portal.post()
    assert (status, text) == (200, "Saved. The charger restarts.\n")
    assert portal.config() == {
        "board": "pico_w",
        "ocpp": {
            "url": "ws://csms.example/ocpp",
            "id": "cp7",
            "version": "1.6",
            "security_profile": 0,
        },
        "network": {"wifi": [{"ssid": "home", "password": "secret99"}]},
    }
    assert portal.told.get(timeout=20) == {"ended": True, "point": False}
    assert portal.child.wait(10) == 0


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"wifi_password": "short"}, "network.wifi[0].password is ***"),
        ({"url": "http://csms.example/"}, "ocpp.url is &quot;http://csms.example/&quot;"),
        ({"id": "cp:7", "security_profile": "1"}, "ocpp.id is"),
        ({"version": "1.5"}, "ocpp.version is"),
        ({"color": "<b>"}, "unknown field color"),
    ],
)
def test_what_is_wrong_is_said_on_the_page(portal, fields, said):
    status, text = portal.post(**fields)
    assert status == 200 and said in text and "<form method=post>" in text
    assert "short" not in text and "secret99" not in text
    assert portal.config() is None and portal.child.poll() is None


def test_a_body_that_is_too_large_and_requests_that_are_none(portal):
    assert portal.get("/", b"ssid=" + b"a" * 20000)[0] == 413
    assert portal.get("/", b"\xff\xfe")[0] == 200  # the page again, with what is wrong
    with socket.create_connection(("127.0.0.1", portal.http), 5) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nX: " + b"y" * 9000 + b"\r\n\r\n")
        assert b" 431 " in raw.recv(100)
    with socket.create_connection(("127.0.0.1", portal.http), 5) as raw:
        raw.sendall(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        assert b" 411 " in raw.recv(100)
    assert portal.config() is None
    assert portal.get()[0] == 200


def test_the_time_is_limited(portal):
    assert portal.get()[0] == 200 and portal.ask(question("a.b"))
    portal.child.stdin.write("905\n")
    portal.child.stdin.flush()
    end = time.monotonic() + 20
    while True:
        try:
            portal.get()
        except OSError:
            break  # nobody is there any more
        assert time.monotonic() < end, "the page is still there"
        time.sleep(0.05)
    assert portal.ask(question("a.b")) is None
    assert any("the access point is off" in line for line in portal.lines)
    assert portal.child.poll() is None  # the serial line goes on


def test_every_name_is_the_charger(portal):
    portal.get()
    for name in ("connectivitycheck.gstatic.com", "x", ".".join(["a" * 60] * 4)):
        asked = question(name)
        answer = portal.ask(asked)
        assert answer[:2] == b"\x12\x34" and answer[2] == 0x85 and answer[3] == 0x80
        assert answer[4:12] == b"\0\1\0\1\0\0\0\0" and answer[12 : len(asked)] == asked[12:]
        assert answer[len(asked) :] == b"\xc0\x0c\0\1\0\1\0\0\0\x0a\0\4\x7f\0\0\1"
    assert portal.ask(question("x", 255))[7] == 1
    aaaa = portal.ask(question("x", 28))
    assert aaaa[3] == 0x80 and aaaa[7] == 0 and len(aaaa) == len(question("x", 28))
    assert portal.ask(question("x", flags=b"\0\0"))[2] == 0x84
    edns = question("x")[:10] + b"\0\1" + question("x")[12:] + b"\0\0\x29\x04\xd0\0\0\0\0\0\0"
    assert portal.ask(edns) == portal.ask(question("x"))


def test_packets_that_are_no_question(portal):
    portal.get()
    good = question("csms.example")
    bad = [
        b"",
        b"\0",
        good[:11],
        good[:20],
        good[:-1],
        good[:2] + b"\x81\x80" + good[4:],  # an answer
        good[:2] + b"\x28\x00" + good[4:],  # an update
        good[:4] + b"\0\2" + good[6:],  # two questions
        good[:6] + b"\0\1" + good[8:],  # with an answer
        good[:12] + b"\xc0\x0c\0\1\0\1",  # a name that points at itself
        good[:12] + b"\x3f" * 400,
        b"\xff" * 2000,
    ]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.3)
        for packet in bad:
            asking.sendto(packet, ("127.0.0.1", portal.dns))
        with pytest.raises(TimeoutError):
            asking.recv(600)
        for _ in range(40):  # more than it answers in one go
            asking.sendto(good, ("127.0.0.1", portal.dns))
        asking.settimeout(5)
        assert len({asking.recv(600) for _ in range(40)}) == 1
    assert portal.get()[0] == 200
