"""What steps do: a method `do_WORD(step)` for each word of `vocabulary.STEPS`."""

import json
import random
import time
from collections import ChainMap
from urllib.parse import quote

from scenario_app.frames import ERROR
from scenario_app.loader import kind_of
from scenario_app.patterns import filled, fits, look_up
from scenario_app.processes import wait_for
from scenario_app.vocabulary import PROCESS

WITHIN_S = 30  # real seconds an expectation waits at most, unless the step says
_POLL_S = 0.04
_SHOWN = 6  # frames in a message


class StepFailed(Exception):
    """A step found something else. The text says what was seen; `line` where the step is."""

    def __init__(self, text, line=None):
        super().__init__(text)
        self.line = line


class Steps:
    """Does steps at one charger. `charger`, `csms`: Programs; `frames`: Frames; `shared`:
    variables of all chargers; `peers`: name -> Steps of all; `told(step, text)`: progress;
    `patience`: an expectation waits so many times longer."""

    patience = 1

    def __init__(self, charger, csms, frames, station, speed, files, told, shared, peers):
        self.charger, self.csms, self.frames = charger, csms, frames
        self.speed = speed
        self.files = files  # FileServer
        self.told = told
        self.tokens = set()  # put by this scenario
        self.misbehaves = False  # the CSMS was told to, at least once
        self.variables = ChainMap(shared, {"id": station, "files": files.url, "speed": speed})
        self.station = station
        self._peers = peers

    def run(self, steps):
        """Do them in order. Raises StepFailed with the line of the innermost step."""
        for step in steps:
            kind = kind_of(step)
            try:
                plain = self._filled(step)
                self.told(step, _short(plain))
                getattr(self, "do_" + kind)(plain)
            except StepFailed as e:
                if e.line is None:
                    text = "step `%s`: %s" % (_short(step), e)
                    raise StepFailed(text, step.line) from None
                raise
            except (KeyError, ValueError) as e:
                raise StepFailed("step `%s`: %s" % (_short(step), e), step.line) from None

    def _filled(self, step):
        # Steps within steps see the variables of their own time.
        inner = {k: step[k] for k in ("steps", "of") if k in step}
        outer = {k: v for k, v in step.items() if k not in inner}
        try:
            return {**filled(outer, self.variables, self._now), **inner}
        except KeyError as e:
            raise ValueError(
                "no variable %s; known: %s" % (e, ", ".join(self.variables))
            ) from None

    def _now(self):
        return self.charger.status()["time"]

    # The world of the charger

    def do_plug(self, step):
        self._act(step["plug"], "plug")

    def do_unplug(self, step):
        self._act(step["unplug"], "unplug", step.get("http", 200))

    def do_ev(self, step):
        self._act(step["ev"], "ev")

    def do_fault(self, step):
        body = dict(step["fault"])
        gone = body.pop("gone", False)
        path = "/api/connectors/%s/fault" % body.pop("connector", 1)
        self._ask(self.charger, "DELETE" if gone else "POST", path, body)

    def _act(self, what, verb, http=200):
        body = dict(what) if isinstance(what, dict) else {"connector": what}
        path = "/api/connectors/%s/%s" % (body.pop("connector", 1), verb)
        self._ask(self.charger, "POST", path, body, http)

    def do_card(self, step):
        card = step["card"]
        body = card if isinstance(card, dict) else {"idTag": card}
        self._ask(self.charger, "POST", "/api/rfid", body)

    def do_network(self, step):
        body = {"online": step["network"] == "on"}
        self._ask(self.charger, "POST", "/api/network", body)
        self._until_csms_sees(body["online"], step)

    def _until_csms_sees(self, connected, step):
        if self.csms.runs:
            within = self._within(step)
            self._until(self._seen_by_csms, connected, within, "connected at the CSMS")

    def _seen_by_csms(self):
        return self.csms.get("/api/stations/" + self._quoted())["connected"]

    def do_power(self, step):
        if step["power"] == "off":
            if not self.charger.runs:
                raise StepFailed("the power is off already")
            self.charger.kill()
            self._until_csms_sees(False, step)
        elif self.charger.runs:
            raise StepFailed("the power is on already")
        else:
            self.charger.start()

    def do_reboot(self, step):
        self._ask(self.charger, "POST", "/api/reboot", {"reason": step["reboot"]})

    def do_settings(self, step):
        self._ask(self.charger, "POST", "/api/settings", step["settings"])

    def do_charger(self, step):
        self._exchange(self.charger, step, step["charger"])

    # The central system

    def do_csms(self, step):
        if step["csms"] in PROCESS:
            self._process(step["csms"])
        else:
            self._exchange(self.csms, step, step["csms"])

    def _process(self, verb):
        if self.csms.runs == (verb == "start"):
            raise StepFailed("the CSMS %s" % ("runs already" if self.csms.runs else "is off"))
        if verb == "start":
            self.csms.start()
            return
        for peer in self._peers.values():
            peer.frames.update()  # it writes its message log a little later: kill -9 costs the end
        getattr(self.csms, verb)()

    def do_call(self, step):
        path = "/api/stations/%s/call/%s" % (self._quoted(), step["call"])
        path += "" if step.get("check", True) else "?check=0"
        http = step.get("http", 200)
        # The charger may be answering, or on its way back from a restart.
        again = (409, 503) if http not in (409, 503) else ()

        def ask():
            got = self.csms.request("POST", path, step.get("payload", {}))
            return None if got[0] in again else got

        within = self._within(step)
        got = wait_for(ask, within)
        if got is None:
            raise StepFailed("the charger could not be called within %g s" % within)
        status, answer = got
        if status != http:
            raise StepFailed("HTTP %d instead of %d: %s" % (status, http, _json(answer)))
        if http == 200:
            self._judge_answer(step, answer)

    def _judge_answer(self, step, answer):
        error = answer.get("error")
        if "error" in step:
            if error is None or error["code"] != step["error"]:
                text = "was to be refused with %s; the answer: %s"
                raise StepFailed(text % (step["error"], _json(answer)))
            return
        if error is not None:
            raise StepFailed("CALLERROR %s" % _json(error))
        self._check(step.get("answer", {}), answer["result"], "the answer")
        self._save(step, answer["result"])

    def do_token(self, step):
        body = dict(step["token"])
        id = body.pop("id")
        self.tokens.add(id)
        self._ask(self.csms, "PUT", "/api/tokens/" + quote(id, safe=""), body)

    def do_misbehave(self, step):
        rules = [dict(r, station=self.station) for r in step["misbehave"]]
        self.misbehaves = self.misbehaves or bool(rules)
        body = {"seed": step.get("seed", 0), "rules": rules}
        self._ask(self.csms, "PUT", "/api/misbehaviour", body)

    def clean_up(self):
        """Leave the CSMS as it was: it may serve the next scenario."""
        self.csms.request("DELETE", "/api/misbehaviour")
        for id in self.tokens:
            self.csms.request("DELETE", "/api/tokens/" + quote(id, safe=""))

    # What is to be seen

    def do_expect(self, step):
        sender = step.get("from", "charger")
        where = step.get("where", {})

        def look():
            self.frames.update()
            for call in self.frames.calls(step["expect"], sender):
                if not call.claimed and fits(where, call.payload) and self._answered(step, call):
                    return call
            return None

        call = wait_for(look, self._within(step), _POLL_S)
        if call is None:
            text = "not seen within %g s; seen: %s"
            within = self._within(step)
            raise StepFailed(text % (within, self._seen(step["expect"], sender)))
        call.claimed = True
        answer = call.answer.payload if call.answer else None
        self._save(step, {"payload": call.payload, "answer": answer})

    def _answered(self, step, call):
        """Is the answer as the step wants it?"""
        if "error" in step:
            got = call.answer
            return got is not None and got.kind == ERROR and got.payload["code"] == step["error"]
        if "answer" not in step and "save" not in step:
            return True
        return call.answer is not None and fits(step.get("answer", {}), call.answer.payload)

    def _seen(self, action, sender):
        """For messages: the CALLs of this action, else what there was."""
        calls = self.frames.calls(action, sender)
        if calls:
            shown = [self._shown(c) for c in calls[-_SHOWN:]]
            return "%d %s: %s" % (len(calls), action, "; ".join(shown))
        others = [c.action for c in self.frames.calls(None, sender)]
        return "no %s, but %s" % (action, ", ".join(others[-20:]) or "nothing at all")

    def _shown(self, call):
        answer = " -> %s" % _json(call.answer.payload) if call.answer else " (no answer)"
        taken = " (expected before)" if call.claimed else ""
        return _json(call.payload) + answer + taken

    def do_never(self, step):
        end = time.monotonic() + step.get("for", 0)
        sender = step.get("from", "charger")
        while True:
            self.frames.update()
            for call in self.frames.calls(step["never"], sender):
                if fits(step.get("where", {}), call.payload):
                    raise StepFailed("it came: %s" % self._shown(call))
            if time.monotonic() > end:
                return
            time.sleep(_POLL_S)

    def do_count(self, step):
        self.frames.update()
        sender = step.get("from", "charger")
        calls = self.frames.calls(step["count"], sender)
        count = sum(fits(step.get("where", {}), c.payload) for c in calls)
        if not fits(step.get("is", 1), count):
            text = "%d instead of %s; seen: %s"
            raise StepFailed(
                text % (count, _json(step.get("is", 1)), self._seen(step["count"], sender))
            )

    def do_order(self, step):
        self.frames.update()
        seen = [c.action for c in self.frames.calls() if c.action in step["order"]]
        if seen != step["order"]:
            raise StepFailed("the order was %s" % ", ".join(seen))

    def do_forget(self, step):
        self.frames.forget()

    def do_connector(self, step):
        number = step["connector"]

        def look():
            found = [c for c in self.charger.status()["connectors"] if c["id"] == number]
            return found[0] if found else {}

        seen = self._until(look, step.get("is", {}), self._within(step), "connector")
        self._save(step, seen)

    def do_status(self, step):
        within = self._within(step)
        self._save(step, self._until(self.charger.status, step["status"], within, "status"))

    def do_uploaded(self, step):
        name = step["uploaded"]
        within = self._within(step)
        if not wait_for(lambda: self.files.received.get(name), within):
            seen = ", ".join(self.files.received) or "nothing"
            raise StepFailed("not within %g s; received: %s" % (within, seen))

    def do_check(self, step):
        self._check(step.get("is", True), step["check"], "the value")

    # Time, chance and place

    def do_wait(self, step):
        time.sleep(step["wait"] / self.speed)

    def do_delivered(self, step):
        wanted = {"ocpp": {"connected": True, "queued": 0, "registration": "Accepted"}}
        within = self._within(step)
        self._until(self.charger.status, wanted, within, "status")
        self.frames.update()

    def do_repeat(self, step):
        for turn in range(step["repeat"]):
            self.variables["turn"] = turn + 1
            self.run(step["steps"])

    def do_chance(self, step):
        dice = random.Random(step.get("seed", 0))
        for _ in range(step["chance"]):
            self.run([dice.choice(step["of"])])

    def do_at(self, step):
        self._peers[step["at"]].run(step["steps"])

    # Tools

    def _exchange(self, program, step, request):
        """A request of the file's; a GET with a wanted answer is asked until it fits."""
        method, path = request.split(" ")
        if method == "GET" and "answer" in step:
            within = self._within(step)
            look = lambda: program.request("GET", path)[1]  # noqa: E731
            answer = self._until(look, step["answer"], within, "the answer")
        else:
            answer = self._ask(program, method, path, step.get("body"), step.get("http", 200))
            self._check(step.get("answer", {}), answer, "the answer")
        self._save(step, answer)

    def _ask(self, program, method, path, body=None, http=200):
        status, answer = program.request(method, path, body)
        if status != http:
            text = "%s %s: HTTP %d instead of %d: %s"
            raise StepFailed(text % (method, path, status, http, _json(answer)))
        return answer

    def _within(self, step):
        """Real seconds that a step waits at most."""
        return step.get("within", WITHIN_S) * self.patience

    def _until(self, look, wanted, within, what):
        """What is seen once it fits."""
        last = []

        def fit():
            last[:] = [look()]
            return fits(wanted, last[0])

        if not wait_for(fit, within, _POLL_S):
            text = "%s was not %s within %g s; seen: %s"
            raise StepFailed(text % (what, _json(wanted), within, _json(last[0])))
        return last[0]

    def _check(self, wanted, seen, what):
        if not fits(wanted, seen):
            raise StepFailed("%s was not %s; seen: %s" % (what, _json(wanted), _json(seen)))

    def _save(self, step, seen):
        for name, path in step.get("save", {}).items():
            try:
                self.variables[name] = look_up(seen, path)
            except KeyError:
                raise StepFailed("save: no %s in %s" % (path, _json(seen))) from None

    def _quoted(self):
        return quote(self.station, safe="")


def _json(value):
    text = json.dumps(value, default=repr)
    return text if len(text) < 900 else text[:900] + "..."


def _short(step):
    """The step in one line."""
    kind = kind_of(step)
    value = step[kind]
    text = kind if value is None else "%s: %s" % (kind, value if _plain(value) else _json(value))
    more = ["%s %s" % (k, _json(step[k])) for k in ("where", "payload", "is") if k in step]
    text = " ".join([text, *more])
    return text if len(text) <= 160 else text[:157] + "..."


def _plain(value):
    return isinstance(value, (str, int, float))
