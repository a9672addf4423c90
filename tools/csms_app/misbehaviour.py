"""Misbehaviour on request, for testing chargers: rules, and what they do to a conversation.

A rule names a station, an action and the side it acts on: `request` (a CALL of the station, before
it is handled), `answer` (ours to it) or `call` (a CALL of ours). The first rule that fires wins.
Chance comes from the seed, the rule's place and the station alone, so a run can be repeated.
"""

import asyncio
import logging
import random
import uuid

from csms_app import protocol
from csms_app.protocol import CallError, Frame

log = logging.getLogger("csms")

SIDES = ("answer", "request", "call")
DEEDS = (
    "drop",
    "delay",
    "double",
    "reorder",
    "error",
    "close",
    "half_open",
    "garbage",
    "foreign_id",
)
_NOT_ON = {"request": ("double", "reorder", "garbage", "foreign_id"), "call": ("error",)}
_ANY = "*"
_DEFAULTS = {
    "station": _ANY,
    "action": _ANY,
    "on": "answer",
    "probability": 1,
    "times": None,  # at most, for each station; None: no limit
    "seconds": 3,  # of delay, and the longest that reorder holds a message back
    "code": "InternalError",
    "text": '[3,"garbage',
}
_MAX_RULES = 200
_MAX_SECONDS = 3600


class Rules:
    """All rules, over all stations. They do not outlive the CSMS."""

    def __init__(self):
        self.seed = 0
        self.rules = []
        self._fates = {}  # (place of the rule, station id) -> [random, times fired]

    def set(self, body):
        """Replace all by `{"seed", "rules"}`. Raises ValueError, then nothing has changed."""
        unknown = body.keys() - {"seed", "rules"}
        seed, rules = body.get("seed", 0), body.get("rules", [])
        if unknown:
            raise ValueError("%s: unknown field; known: seed, rules" % sorted(unknown)[0])
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise ValueError("seed: must be a whole number")
        if not isinstance(rules, list) or len(rules) > _MAX_RULES:
            raise ValueError("rules: must be a list of at most %d" % _MAX_RULES)
        self.rules = [_checked("rules[%d]" % i, rule) for i, rule in enumerate(rules)]
        self.seed = seed
        self._fates = {}

    def to_dict(self):
        """The rules in force, each with `fired`: how often, over all stations."""
        count = [0] * len(self.rules)
        for (place, _), fate in self._fates.items():
            count[place] += fate[1]
        return {"seed": self.seed, "rules": [dict(r, fired=n) for r, n in zip(self.rules, count)]}

    def pick(self, station, on, action):
        """The rule that fires for a message, or None."""
        for place, rule in enumerate(self.rules):
            fits = rule["on"] == on
            fits = fits and rule["station"] in (_ANY, station) and rule["action"] in (_ANY, action)
            if fits and self._fires(place, rule, station):
                return rule
        return None

    def _fires(self, place, rule, station):
        key = (place, station)
        if key not in self._fates:
            chance = random.Random("%d/%d/%s" % (self.seed, place, station))
            self._fates[key] = [chance, 0]
        fate = self._fates[key]
        if rule["times"] is not None and fate[1] >= rule["times"]:
            return False
        if fate[0].random() >= rule["probability"]:
            return False
        fate[1] += 1
        return True


def _checked(name, rule):
    """The rule with its defaults. Raises ValueError that names the field."""
    if not isinstance(rule, dict):
        raise ValueError("%s: must be an object" % name)
    for field in rule:
        if field not in _DEFAULTS and field != "do":
            known = ", ".join(("do", *_DEFAULTS))
            raise ValueError("%s.%s: unknown field; known: %s" % (name, field[:40], known))
    done = {"do": None, **_DEFAULTS, **rule}
    for field, words in (("do", DEEDS), ("on", SIDES)):
        if done[field] not in words:
            raise ValueError("%s.%s: must be one of %s" % (name, field, ", ".join(words)))
    for field in ("station", "action", "code", "text"):
        if not isinstance(done[field], str) or len(done[field]) > 10_000:
            raise ValueError("%s.%s: must be a text" % (name, field))
    _check_numbers(name, done)
    if done["do"] in _NOT_ON.get(done["on"], ()):
        raise ValueError("%s.do: %s is not possible on a %s" % (name, done["do"], done["on"]))
    return done


def _check_numbers(name, rule):
    for field, most in (("probability", 1), ("seconds", _MAX_SECONDS)):
        value = rule[field]
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or not 0 <= value <= most
        ):
            raise ValueError("%s.%s: must be a number from 0 to %d" % (name, field, most))
    times = rule["times"]
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 0):
        raise ValueError("%s.times: must be null or a whole number from 0" % name)


class Mischief:
    """Applies the rules to the conversation `rpc` with a station. `close()` ends the connection,
    `freeze()` leaves it half open: both async. `told(text)`: what was done."""

    def __init__(self, rules, station, rpc, close, freeze, told):
        self._rules = rules
        self._station = station
        self._put = rpc.put
        self._put_text = rpc.put_text
        self._end = close
        self._stall = freeze
        self._told = told
        self._held = []  # frames that go out after the next one
        self._tasks = set()
        self.frozen = False

    def stop(self):
        """The connection has ended: nothing more goes out."""
        for task in self._tasks:
            task.cancel()

    async def request(self, action):
        """Before a CALL of the station is handled. False: it is lost. Raises CallError."""
        rule = self._pick("request", action)
        if rule is None:
            return not self.frozen
        if rule["do"] == "delay":
            await asyncio.sleep(rule["seconds"])
            return not self.frozen
        if rule["do"] == "error":
            raise CallError(rule["code"], "misbehaviour on request")
        await self._disturb(rule)
        return False

    async def send(self, on, action, frame):
        """Instead of sending a frame: an `answer` to `action`, or a `call`."""
        rule = self._pick(on, action)
        if self.frozen:
            return
        if rule is not None:
            await getattr(self, "_" + rule["do"], self._lose)(rule, frame)
            return
        await self._put(frame)
        held, self._held = self._held, []
        for late in held:
            await self._put(late)

    def _pick(self, on, action):
        rule = None if self.frozen else self._rules.pick(self._station, on, action)
        if rule is not None:
            text = "misbehaves: %s on %s %s" % (rule["do"], on, protocol.printable(action, 40))
            self._told(text)
        return rule

    async def _lose(self, rule, frame):
        await self._disturb(rule)

    async def _disturb(self, rule):
        if rule["do"] == "close":
            await self._end()
        elif rule["do"] == "half_open":
            self.frozen = True
            await self._stall()

    async def _delay(self, rule, frame):
        self._later(rule["seconds"], lambda: self._put(frame))

    async def _double(self, rule, frame):
        await self._put(frame)
        await self._put(frame)

    async def _reorder(self, rule, frame):
        self._held.append(frame)
        self._later(rule["seconds"], lambda: self._let_go(frame))

    async def _let_go(self, frame):
        if frame in self._held:
            self._held.remove(frame)
            await self._put(frame)

    async def _error(self, rule, frame):
        error = CallError(rule["code"], "misbehaviour on request")
        await self._put(protocol.error_frame(frame.id, error))

    async def _garbage(self, rule, frame):
        await self._put_text(rule["text"])

    async def _foreign_id(self, rule, frame):
        values = vars(frame)
        await self._put(Frame(**dict(values, id=str(uuid.uuid4()))))

    def _later(self, seconds, act):
        task = asyncio.ensure_future(self._act_later(seconds, act))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _act_later(self, seconds, act):
        await asyncio.sleep(seconds)
        if self.frozen:
            return
        try:
            await act()
        except Exception as e:
            log.debug("%s: a held message was lost: %s", protocol.printable(self._station), e)
