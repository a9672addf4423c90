"""`doctor`: what is between this charger and its central system, step by step and in words.

Each step is (name, True or False, sentence). A step that fails is the last one, and its sentence
says what to do. In memory only while it looks; nothing blocks but what blocks when the station
dials (see `wsclient.dial`).
"""

import json

from ocpp.iso import to_iso
from pki.der import DERError
from pki.x509 import Certificate
from wsclient.dial import Dial
from wsclient.handshake import Handshake
from wsclient.link import Failure

_DIAL_MS = const(20000)
_BOOT_MS = const(30000)
_NUMBER = const("doctor")  # of our message
_ADVICE = {
    "dns": "check the name in ocpp.url, and the name server of this network",
    "tcp": "check host and port in ocpp.url; a firewall may be between",
    "timeout": "nobody answers there: check host and port in ocpp.url, and firewalls",
    "tls": "",
    "http401": "check ocpp.id and ocpp.password; is security_profile 1 or 2 what is wanted?",
    "http403": "the central system knows this charger but does not let it in",
    "http404": "check the path in ocpp.url and ocpp.id; is the charger registered there?",
    "http426": "the server wants another version of HTTP or WebSocket",
    "http5xx": "the fault is the central system's",
    "http": "is this the address of an OCPP server? wss:// and ws:// may be mixed up",
    "handshake": "check ocpp.version: the server must speak it",
    "protocol": "the server does not keep to the WebSocket protocol",
    "closed": "the server has hung up",
    "setup": "check the configuration",
}


class Doctor:
    """`app`: the App; `now()`: Unix seconds by the best clock there is. `step()` until
    `running` is False; `steps` are the findings so far."""

    def __init__(self, app, now):
        self._app = app
        self._now = now
        self._clock = app.clock
        self._link = None
        self._certificates = []  # (depth, DER) as shown by the server
        self._sock = None  # of the dial of our own
        self._io = None
        self.steps = []
        self.running = True
        self._work = self._examine()

    @property
    def ok(self):
        """True, False, None while it runs."""
        return None if self.running else all(step[1] for step in self.steps)

    def step(self):
        """A little more; never blocks, never raises."""
        if not self.running:
            return
        try:
            found = next(self._work)
            if found:
                self.steps.append(found)
        except StopIteration:
            self.close()
        except Exception as e:
            self.steps.append(("doctor", False, "failed itself: %r" % e))
            self.close()

    def close(self):
        """The end: nothing stays open."""
        self.running = False
        self._work = None
        if self._link:
            self._link.abort()
        if self._sock:
            self._sock.close()
        self._link = self._sock = None

    # -- the steps --------------------------------------------------------------------------------

    def _examine(self):
        try:
            url = self._app.url(self._place())
            shake = Handshake(url)
        except ValueError as e:
            yield ("url", False, str(e))
            return
        yield ("url", True, "%s will be dialled" % url)
        yield self._time()
        steps = self._reach(shake)
        if self._app.record:
            steps = self._app.record.far(steps)
        try:
            yield from steps
        except Failure as e:
            yield self._failed("dns" if e.args[0] == "dns" else "tcp", e.args[0], e.args[1])
            return
        station = self._app.station
        if station.connection.connected:
            yield from self._connected(station)
        else:
            yield from self._try(shake.secure)

    def _time(self):
        text = "it is %s" % to_iso(self._now())
        if self._clock.unix() is None:
            text += " by the chip's own clock; nobody has told the time yet"
        return ("clock", True, text)

    def _reach(self, shake):
        """Name and TCP connection."""
        dial = Dial(self, shake, self._clock, None, _DIAL_MS)
        addresses = None
        for addresses in _values(dial.lookup(shake.host, shake.port)):
            if addresses is None:
                yield None
        where = ", ".join([_address(a) for a in addresses])
        yield ("dns", True, "%s is %s" % (shake.host, where))
        while True:
            try:
                yield from dial._connect(addresses.pop(0), _DIAL_MS)
                break
            except Failure:
                if not addresses:
                    raise
        self._sock.close()
        self._sock = None
        yield ("tcp", True, "port %d is open" % shake.port)

    def _connected(self, station):
        """The station's own link is the proof. A second one would end it at most servers."""
        link = "connected since this was asked, subprotocol %s"
        yield ("upgrade", True, link % station.connection.subprotocol)
        status = station.registration.status
        yield (
            "boot",
            status == "Accepted",
            "BootNotification was answered with %s" % (status or "nothing yet"),
        )

    def _try(self, secure):
        """TLS, upgrade and BootNotification over a link of our own; the station waits."""
        station = self._app.station
        online = station.connection.online
        station.set_online(False)
        try:
            try:
                self._link = link = station.dial(self._seen)
            except (ValueError, OSError) as e:
                yield self._failed("upgrade", "setup", str(e))
                return
            while link.state == "connecting":
                link.step()
                yield None
            if secure:
                yield from self._tls(link)
            if link.state == "open":
                yield ("upgrade", True, "accepted, subprotocol %s" % link.subprotocol)
                yield from self._boot(link)
            elif link.failure != "tls":
                text = link.error[len(link.url) + 2 :]
                yield self._failed("upgrade", link.failure, text)
        finally:
            station.set_online(online)

    def _seen(self, depth, der):
        self._certificates.append((depth, bytes(der)))

    def _tls(self, link):
        """What the server has shown, and whether it will do."""
        text, advice = "", ""
        for depth, data in self._certificates:
            if depth == 0:
                text, advice = self._certificate(data)
        if link.failure != "tls":
            yield ("tls", True, text or "secured")
            return
        why = link.error[len(link.url) + 2 :]
        yield ("tls", False, "; ".join([part for part in (why, text, advice) if part]))

    def _certificate(self, data):
        """(a certificate in words, advice if something is wrong with it)"""
        try:
            found = Certificate(data)
        except DERError as e:
            return "certificate can't be read: %s" % e, ""
        names = ", ".join(found.hosts) or found.name("CN") or "nobody"
        text = "certificate of %s, issued by %s, good from %s to %s" % (
            names,
            found.name("CN", True) or found.name("O", True) or "an unnamed issuer",
            to_iso(found.starts),
            to_iso(found.ends),
        )
        now = self._now()
        if now > found.ends:
            return text, "it has expired; the clock says %s" % to_iso(now)
        if now < found.starts:
            return text, "it is not good yet; the clock says %s" % to_iso(now)
        return text, "is the right authority in ocpp.ca_file, and the name in ocpp.url?"

    def _boot(self, link):
        """Register, and hear what comes of it."""
        link.send(json.dumps([2, _NUMBER, "BootNotification", self._payload(link.subprotocol)]))
        begun = self._clock.ticks()
        while link.state == "open":
            link.step()
            text = link.recv()
            answer = _answer(text) if text else None
            if answer:
                yield answer
                yield from self._goodbye(link)
                return
            if self._clock.diff(self._clock.ticks(), begun) > _BOOT_MS:
                yield ("boot", False, "no answer to BootNotification in %d s" % (_BOOT_MS // 1000))
                return
            yield None
        yield self._failed("boot", link.failure or "closed", link.error[len(link.url) + 2 :])

    def _goodbye(self, link):
        link.close()
        while link.state != "closed":
            link.step()
            yield None

    def _payload(self, subprotocol):
        known = self._app.station.config["charge_point"]
        if subprotocol == "ocpp1.6":
            return {"chargePointVendor": known["vendor"], "chargePointModel": known["model"]}
        station = {"vendorName": known["vendor"], "model": known["model"]}
        return {"reason": "Triggered", "chargingStation": station}

    def _place(self):
        """The URL whose turn it is: of the configuration, or of a network profile."""
        station = self._app.station
        url = station.dialling[1]
        return station.part("network").dialled(url, None)[0] if station.route else url

    def _failed(self, step, kind, why):
        advice = _ADVICE.get(kind, "")
        return (step, False, why + ("; " + advice if advice else ""))


def _values(steps):
    """What a generator yields, and at last what it returns."""
    yield (yield from steps)


def _address(found):
    """A socket address in words; on the unix port it is a structure of bytes."""
    where = found[-1]
    if isinstance(where, (tuple, list)):
        return str(where[0])
    return ".".join([str(b) for b in where[4:8]])


def _answer(text):
    """The step that an answer to our BootNotification makes, or None if it is something else."""
    try:
        frame = json.loads(text)
        if frame[1] != _NUMBER or frame[0] not in (3, 4):
            return None
        if frame[0] == 4:
            return ("boot", False, "BootNotification refused: %s %s" % (frame[2], frame[3]))
        status = frame[2]["status"]
    except (ValueError, KeyError, IndexError, TypeError):
        return ("boot", False, "answer to BootNotification is no OCPP message")
    if status == "Accepted":
        return ("boot", True, "BootNotification accepted")
    words = {
        "Pending": "the central system wants to configure the charger first",
        "Rejected": "the central system does not want this charger: is it registered there?",
    }
    return ("boot", False, "BootNotification: %s; %s" % (status, words.get(status, "?")))
