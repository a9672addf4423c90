"""The OCPP frames of one scenario as the CSMS has seen them, in order."""

CALL, RESULT, ERROR = 2, 3, 4


class Frame:
    """One frame. `sender`: "charger" or "csms". `payload` of an ERROR: {code, description}.
    `charger`: the name of the charger at one end."""

    def __init__(self, n, t, sender, frame, charger=""):
        self.n, self.t, self.sender, self.raw, self.charger = n, t, sender, frame, charger
        good = isinstance(frame, list) and len(frame) >= 3 and frame[0] in (CALL, RESULT, ERROR)
        self.kind = frame[0] if good else None
        self.id = frame[1] if good else None
        self.action = frame[2] if self.kind == CALL else None
        self.payload = frame[-1] if self.kind in (CALL, RESULT) else None
        if self.kind == ERROR:
            self.payload = {"code": frame[2], "description": (frame + [""])[3]}
        self.answer = None  # of a CALL: the Frame
        self.claimed = False  # an expectation has had it


class Frames:
    """Fetches by `fetch(after)`: the messages numbered above `after` as the CSMS tells them.
    `charger`: its name in the scenario, "" for the first."""

    def __init__(self, fetch, charger=""):
        self._fetch = fetch
        self._charger = charger
        self._last = 0
        self._open = {}  # (sender, id) -> CALL without an answer
        self.all = []
        self.mark = 0  # what came before is forgotten

    def update(self):
        """Take what is new."""
        for message in self._fetch(self._last):
            self._last = message["n"]
            sender = "charger" if message["dir"] == "in" else "csms"
            self._add(self._made(message, sender))

    def _made(self, message, sender):
        return Frame(message["n"], message["t"], sender, message["frame"], self._charger)

    def _add(self, frame):
        self.all.append(frame)
        if frame.kind == CALL:
            self._open[frame.sender, frame.id] = frame
        elif frame.kind:
            asker = "csms" if frame.sender == "charger" else "charger"
            call = self._open.pop((asker, frame.id), None)
            if call:
                call.answer = frame
                frame.action = call.action

    def forget(self):
        """Expectations look only at what comes from now on."""
        self.update()
        self.mark = len(self.all)

    def calls(self, action=None, sender="charger"):
        """CALLs since the mark."""
        return [
            f
            for f in self.all[self.mark :]
            if f.kind == CALL and f.sender == sender and action in (None, f.action)
        ]
