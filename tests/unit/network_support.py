"""A station that dials central systems by URL; each is a `Central`, or down."""

import json

from central import Central, fresh_directory
from support import FakeClock

from ocpp.instance import Station

OURS = "ws://one/ocpp"


class Link:
    """What `wsclient.Link` is to a supervisor, with a `Central` at the other end."""

    failure = error = subprotocol = last_rx = None
    busy = False
    pong_seen = 0

    def __init__(self, net, url, protocols, headers):
        self.net = net
        self.url = url
        self.protocols = protocols
        self.headers = headers
        self.state = "connecting"
        self.inbox, self.sent = [], []

    def step(self):
        net = self.net
        if self.state == "connecting":
            if self.url in net.down:
                return self.abort("tcp", "refused")
            self.state = "open"
            self.subprotocol = [p for p in self.protocols if p in net.speaks][0]
            self.last_rx = net.clock.ticks()
            net.csms = Central(self, net.clock)
            net.centrals.append((self.url, net.csms))
            self.far = net.csms
        if self.state == "closing":
            self.state = "closed"

    def recv(self):  # both the station and the central system call it: see `send`
        if self.net.turn == "station":
            return self.inbox.pop(0) if self.inbox else None
        return self.sent.pop(0) if self.sent else None

    def send(self, text):
        (self.sent if self.net.turn == "station" else self.inbox).append(text)
        return True

    def ping(self, payload=b""):
        self.pong_seen += 1

    def close(self, code, reason):
        self.state = "closing"

    def abort(self, failure=None, text=None):
        self.state = "closed"
        self.failure = failure
        self.error = "%s: %s" % (self.url, text)


class Net:
    def __init__(self, root=None, clock=None, version="2.0.1", **settings):
        self.clock = clock or FakeClock()
        self.root = root or fresh_directory()
        self.down = set()  # URLs nobody answers at
        self.speaks = ["ocpp2.0.1", "ocpp1.6"]
        self.links = []  # every dial
        self.centrals = []  # (URL, Central) of each connection
        self.turn = "station"
        self.csms = None
        self.kinds = []  # resets asked for
        usual = {
            "RetryBackOffWaitMinimum": "2",
            "RetryBackOffRandomRange": "0",
            "RetryBackOffRepeatTimes": "0",
            "WebSocketPingInterval": "0",
        }
        usual.update({k.replace("_", "."): v for k, v in settings.items()})
        self.config = {
            "connectors": 1,
            "ocpp": {"url": OURS, "id": "cp", "version": version},
            "settings": usual,
        }
        self.station = Station(self.config, self.root, self.clock, open_link=self._open)
        self.station.on_reset = lambda kind: self.kinds.append(kind)
        self.station.connectors[0].bind("energy_wh", lambda: 0)

    def _open(self, url, protocols, headers):
        link = Link(self, url, protocols, headers)
        self.links.append(link)
        return link

    def run(self, ms):
        while ms > 0:
            self.clock.advance(10)
            ms -= 10
            self.turn = "station"
            for _ in range(9):
                self.station.loop()
                if not self.station.busy:
                    break
            self.turn = "csms"
            link = self.links[-1] if self.links else None
            if self.csms and link.state == "open":
                self.csms.step()

    def urls(self):
        """What was dialled, in order."""
        return [link.url for link in self.links]

    def ask(self, action, payload, ms=3000):
        self.csms._count += 1
        id = "c%d" % self.csms._count
        self.links[-1].inbox.append(json.dumps([2, id, action, payload]))
        while ms > 0 and id not in self.csms.results:
            self.run(10)
            ms -= 10
        return self.csms.results.get(id)

    def set(self, component, variable, value):
        item = {"component": {"name": component}, "variable": {"name": variable}}
        item["attributeValue"] = value
        result = self.ask("SetVariables", {"setVariableData": [item]})["setVariableResult"][0]
        return result["attributeStatus"]

    def get(self, component, variable):
        item = {"component": {"name": component}, "variable": {"name": variable}}
        result = self.ask("GetVariables", {"getVariableData": [item]})["getVariableResult"][0]
        return result.get("attributeValue")

    def priority(self, text):
        return self.set("OCPPCommCtrlr", "NetworkConfigurationPriority", text)

    def profile(self, slot, url="ws://two/", **more):
        data = {
            "ocppVersion": "OCPP20",
            "ocppTransport": "JSON",
            "ocppCsmsUrl": url,
            "messageTimeout": 30,
            "securityProfile": 0,
            "ocppInterface": "Wired0",
        }
        data.update(more)
        asked = {"configurationSlot": slot, "connectionData": data}
        return self.ask("SetNetworkProfile", asked)["status"]

    def restart(self):
        """A new boot on the same flash."""
        again = Net(self.root, self.clock)
        again.down = self.down
        return again
