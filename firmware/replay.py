"""Plays a recording back (`recording.py`): `micropython -m replay --flash DIR --recording FILE`.

The firmware runs on the board `sim` with the turns, requests, messages and random numbers of the
recording, as fast as it can, and everything it sends must be what it sent then, in that order.
Run by `tools/replay`. Exit status 0: it did the same; 1: it did not.
"""

import binascii
import json
import sys

import report
from recording import Drawn, FarTransfers
from runner import Runner
from sim.board import Board, Pace
from unix import configuration, options

from ocpp.log import log

_SHOWN = const(300)  # characters of a frame that is told about
_NOT_COMPARED = ("heap",)


_NEWS = ("link", "in", "cert", "far")  # what came with a turn


def _transfer_error():
    from transfer import TransferError

    return TransferError


def _failure():
    from wsclient.link import Failure

    return Failure


# Class of an error -> what gets it; modules of the firmware are loaded anew by a restart
_ERRORS = {"TransferError": _transfer_error, "Failure": _failure, "OSError": lambda: OSError}


class Different(Exception):
    """The run is not as recorded. The text tells where."""


class PlayedPace(Pace):
    """Time as recorded."""

    def __init__(self, speed):
        self.now = 0
        super().__init__(speed)

    def ms(self):
        return self.now


class PlayedLink:
    """A connection of the recording. `news`: [turn, kind, data, call] that come with calls of its
    methods. `watch(depth, der)`, or None, is shown the certificates of the other side."""

    def __init__(self, player, news, watch):
        self.url = "recorded"
        self.state = "connecting"
        self.failure = self.error = self.subprotocol = self.last_rx = None
        self.pong_seen = 0
        self.busy = False
        self._player = player
        self._news = news
        self._watch = watch

    def step(self):
        news = self._news
        while news and (news[0][3] == "step" or news[0][0] < self._player.turns):
            if news[0][1] == "in":
                return
            self._take(news.pop(0))

    def recv(self):
        self._called("recv")
        if self._news and self._news[0][1] == "in":
            return self._news.pop(0)[2]
        return None

    def send(self, text):
        return not self._called("send").get("refused") and self.state == "open"

    def ping(self, payload=b""):
        self._called("ping")

    def close(self, code=1000, reason=""):
        self._called("close")
        self.state = "closed" if self.state == "connecting" else "closing"

    def abort(self, failure=None, text=None):
        self._called("abort")
        self.state = "closed"
        self.failure = self.failure or failure
        self.error = self.error or (text and "%s: %s" % (self.url, text))

    def _called(self, name):
        """What came with this call."""
        if self._news and self._news[0][3] == name:
            return self._take(self._news.pop(0))
        return {}

    def _take(self, news):
        if news[1] == "cert":
            if self._watch:
                self._watch(news[2][0], binascii.unhexlify(news[2][1]))
            return {}
        for name, value in news[2].items():
            setattr(self, name, value)
        return news[2]


class Player:
    """Reads the recording as a whole. `show(line)`, or None, is told of frames."""

    def __init__(self, path, show=None):
        self._random = []
        self._sent = []  # [text]
        self._steps = []  # [[kind, ...]]
        self._news = {}  # number of a connection, or -number of a generator -> news
        self._links = self._far = 0
        self.sent = 0  # frames sent and compared
        self._show = show
        self._wrong = (
            None  # where it was different: a fault of ours must not be taken for one of its
        )
        self.turns = 0
        self.status = None
        self.rtc = None
        self.pace = None
        with open(path) as file:
            file.readline()  # what was on flash: `tools/replay` has seen to it
            for line in file:
                self._read(line)
        sys.modules["os"] = Drawn(self._drawn)

    def _read(self, line):
        try:
            words = json.loads(line)
        except ValueError:
            return  # power was cut while it was written
        kind = words[0]
        if kind == "rnd":
            self._random.append(binascii.unhexlify(words[1]))
        elif kind == "out":
            self._sent.append(words[1])
        elif kind == "rtc":
            self.rtc = words[1]
        elif kind == "status":
            self.status = words[1]
        else:
            self._steps.append(words)

    def play(self, runner, api):
        """Have the firmware do it all again. Different."""
        steps = self._steps
        i = 0
        while i < len(steps):
            words = steps[i]
            i += 1
            if words[0] == "t":
                for ms in words[1:-1]:
                    self._turn(runner, ms)
                while i < len(steps) and steps[i][0] in _NEWS:
                    self._prepare(steps[i])
                    i += 1
                self._turn(runner, words[-1])
            elif words[0] == "act":
                self._act(api, *words[1:])
            elif words[0] == "ready":
                runner.ready()
            else:
                self._prepare(words)  # of a request's
        if self.status is None:
            return  # power was cut, and the last turns were not written down
        if self.sent < len(self._sent):
            raise Different(self._told(self._sent[self.sent], None))
        self._compare_status(report.status(runner))

    def _turn(self, runner, ms):
        self.turns += 1
        self.pace.now += ms
        runner.turn()
        if self._wrong:
            raise Different(self._wrong)

    def _prepare(self, words):
        kind, number = words[:2]
        if kind == "far":
            self._news.setdefault(-number, []).append(words[2:])
            return
        call = None if kind == "in" else "step" if kind == "cert" else words[3]
        entry = [self.turns + 1, kind, words[2:] if kind == "cert" else words[2], call]
        self._news.setdefault(number, []).append(entry)
        if kind == "in" and self._show:
            self._show("%9.1f s  in   %s" % (self.pace.now / 1000, words[2]))

    def _act(self, api, method, path, body):
        try:
            if method == "GET":
                _look(api.runner)
            else:
                api.perform(method, path, body)
        except Exception as e:  # it failed then, too
            log.info("replay", method, path, repr(e))

    def _compare_status(self, found):
        for name, value in (self.status or {}).items():
            now = json.loads(json.dumps(found.get(name)))
            if name not in _NOT_COMPARED and now != value:
                text = "the status at the end has %s %s, recorded was %s"
                raise Different(text % (name, json.dumps(now), json.dumps(value)))

    def _told(self, recorded, now):
        text = "frame %d, turn %d, %.1f s after the start:\n  recorded %s\n  now      %s"
        seconds = self.pace.now / 1000
        texts = [str(t)[:_SHOWN] for t in (recorded or "nothing", now or "nothing")]
        return text % (self.sent + 1, self.turns, seconds, texts[0], texts[1])

    # -- in place of a `recording.Recorder` ------------------------------------------------------

    def link(self, make, tls):
        self._links += 1
        watch = tls and tls.get("watch")
        return PlayedLink(self, self._news.setdefault(self._links, []), watch)

    def transfers(self, made):
        return FarTransfers(self, made)

    def far(self, steps, state=None, path=None):
        self._far += 1
        return self._follow(self._news.setdefault(-self._far, []), state, path)

    def _follow(self, news, state, path):
        mode = "wb"
        while True:
            value = None
            while news:
                kind, data = news.pop(0)
                if kind == "end":
                    return
                if kind == "raise":
                    raise _ERRORS.get(data[0], lambda: RuntimeError)()(*data[1])
                if kind == "state":
                    state.clear()
                    state.update(data)
                elif kind == "data":
                    with open(path, mode) as file:
                        file.write(binascii.a2b_base64(data))
                    mode = "ab"
                else:
                    value = data
            yield value

    def frame(self, direction, text):
        if direction != "out":
            return
        recorded = self._sent[self.sent] if self.sent < len(self._sent) else None
        if self._show:
            self._show("%9.1f s  out  %s" % (self.pace.now / 1000, text))
        if not self._wrong and (recorded is None or not _same(recorded, text)):
            self._wrong = self._told(recorded, text)
        self.sent += 1

    def act(self, method, path, body):
        pass

    def made_ready(self):
        pass

    def _drawn(self, size):
        if not self._random:
            self._wrong = self._wrong or "more random numbers are drawn than were recorded"
            return bytes(size)
        return self._random.pop(0)

    def end(self, status):
        pass


def _look(runner):
    """Load what a look at the status loads (`report.py`): it is let go later, step by step."""
    __import__("ocpp.iso")
    if runner.app:
        runner.app.station.ocpp_status()


def _same(a, b):
    """True for the same message: the order of names in it does not count."""
    return a == b or json.loads(a) == json.loads(b)


def main():
    wanted = options(sys.argv[1:])
    log.set_level(wanted["--log"])
    found = configuration(wanted["--flash"])
    if found is None:
        return 2
    config, damaged = found
    player = Player(wanted["--recording"], print if wanted.get("--frames") == "1" else None)
    player.pace = PlayedPace(float(wanted["--speed"]))
    world = wanted["--flash"] + ".world"
    board = Board(config, world, player.pace, wanted["--world"] == "keep", player.rtc)
    from api import Api

    runner = Runner(board, config, wanted["--flash"], damaged, record=player)
    try:
        player.play(runner, Api(runner))
    except Different as e:
        print("replay: not as recorded:", e)
        return 1
    finally:
        board.close()
    words = (player.turns, player.pace.now / 1000, player.sent)
    print("replay: as recorded: %d turns, %.1f s, %d frames sent" % words)
    return 0


if __name__ == "__main__":
    sys.exit(main())
