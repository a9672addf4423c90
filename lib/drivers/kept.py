"""The register of a meter that only pulses: what was counted, kept on flash.

`store` is something with `load(name) -> value or None` and `save(name, value) -> bool` that
replaces atomically. It is written each `save_wh` Wh or `save_s` s, whichever comes first, and only
if there is something new; a power cut costs what came since. The register never goes forward by
itself: pulses faster than `max_w` allows are noise, and are dropped and counted.
"""


class KeptRegister:
    """`per_wh`: amounts that make one Wh, `one`: the amount of one pulse."""

    def __init__(self, clock, per_wh, one, *, store=None, name="s0", save_wh=500, save_s=300,
                 max_w=50000, energy_wh=0):  # fmt: skip
        self._clock = clock
        self._per_wh = per_wh
        self._one = one
        self._store = store
        self._name = name
        self._save_wh = save_wh
        self._save_s = save_s
        self._max_w = max_w
        self._budget = 2 * one  # what may come at once
        self._at = clock.ticks()
        self.error = None  # words if the register can't be kept
        self.rejected = 0  # pulses dropped
        self.wh = energy_wh
        self._rest = 0  # amount below one Wh
        kept = store.load(name) if store else None
        if _sound(kept):
            self.wh, self._rest = kept[0], kept[1] % per_wh
        elif kept is not None:
            self.error = "the register kept is damaged"
        self._saved = self.wh
        self._saved_at = clock.uptime()

    def add(self, pulses):
        """Count pulses that came since the last call; -> how many were taken. Call it with 0 too:
        this also keeps the register when it is time to."""
        clock = self._clock
        now = clock.ticks()
        gone = clock.diff(now, self._at)
        self._at = now
        rate = self._max_w * self._per_wh // 3600  # amount a second
        self._budget = min(self._budget, 2 * rate + 2 * self._one) + rate * gone // 1000
        taken = min(pulses, self._budget // self._one)
        self.rejected += pulses - taken
        if taken > 0:
            amount = taken * self._one
            self._budget -= amount
            self._rest += amount
            self.wh += self._rest // self._per_wh
            self._rest %= self._per_wh
        new = self.wh - self._saved
        if new >= self._save_wh or (new and clock.uptime() - self._saved_at >= self._save_s):
            self.flush()
        return taken

    def flush(self):
        """Keep the register now, as at the end of a transaction or before a restart."""
        if self._store is None or self.wh == self._saved:
            return
        self._saved_at = self._clock.uptime()
        if self._store.save(self._name, [self.wh, self._rest]):
            self._saved = self.wh
            self.error = None
        else:
            self._saved = self.wh  # try again after the next step, not in every loop
            self.error = "the register can't be kept"


def _sound(kept):
    if not isinstance(kept, list) or len(kept) != 2:
        return False
    return all([type(part) is int and part >= 0 for part in kept])
