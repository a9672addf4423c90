"""What all card readers share: one report for each time a card is held to it, and how the number
of a card is written as an idTag."""

_AWAY_MS = const(1200)  # a card not seen for so long is gone; the next time it counts anew


class Cards:
    """The cards that are shown. A reader calls `seen(uid)`, its owner `take()`."""

    def __init__(self, clock, away_ms=_AWAY_MS):
        self._clock = clock
        self._away_ms = away_ms
        self._uid = None  # bytes of the card that is there, or was last
        self._at = 0
        self._new = None  # not yet taken

    def seen(self, uid):
        """A card is there (bytes as they come from the air). -> True if it is a new one."""
        now = self._clock.ticks()
        known = uid == self._uid and self._clock.diff(now, self._at) < self._away_ms
        self._uid, self._at = uid, now
        if not known:
            self._new = uid
        return not known

    def tidy(self):
        """Forget the last card when it is away. Call at least once in three days."""
        if self._uid is not None and self._new is None:
            if self._clock.diff(self._clock.ticks(), self._at) >= self._away_ms:
                self._uid = None

    def take(self):
        """The number of a card that was shown since the last call, or None."""
        uid, self._new = self._new, None
        return uid


def id_tag(uid, *, order="msb", case="upper", length=None, decimal=False, digits=0):
    """The number of a card as text. `order`: "msb" as it comes from the air, "lsb" last byte
    first. `length`: only so many bytes of it, the first. `decimal`: as a decimal number, with
    zeros in front up to `digits`; else hexadecimal, two digits a byte, `case` "upper" or "lower".
    At most 20 characters come out (OCPP 1.6 §7.28). ValueError for an option nobody knows."""
    if order not in ("msb", "lsb") or case not in ("upper", "lower"):
        raise ValueError("order is msb or lsb, case is upper or lower")
    if length:
        uid = uid[:length]
    if order == "lsb":
        uid = bytes([uid[i] for i in range(len(uid) - 1, -1, -1)])
    if decimal:
        text = str(int.from_bytes(uid, "big"))
        text = "0" * (digits - len(text)) + text
    else:
        text = "".join(["%02X" % byte for byte in uid])
        if case == "lower":
            text = text.lower()
    return text[:20]


def forms(uid):
    """All the ways to write a card's number, for finding out which one a site uses:
    (words, idTag)."""
    for order in ("msb", "lsb"):
        yield order, id_tag(uid, order=order)
        yield order + " decimal", id_tag(uid, order=order, decimal=True)
        if len(uid) > 4:
            yield order + " 4 bytes", id_tag(uid, order=order, length=4)
