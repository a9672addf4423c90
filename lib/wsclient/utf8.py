"""Is it UTF-8? MicroPython's own decoder lets overlong forms, surrogates and values above U+10FFFF
pass."""

_HIGH = int.from_bytes(b"\x80" * 64, "little")


class Checker:
    """Checks a text that comes in pieces."""

    def __init__(self):
        self._low = 0x80  # bounds of the next continuation byte
        self._top = 0xBF
        self.need = 0  # continuation bytes still to come: 0 at the end of a whole text

    def feed(self, view, at, end):
        """False at the first byte that cannot be. `view`: memoryview; bytes `at` to `end` of
        it."""
        while at < end:
            stop = min(at + 64, end)
            # Plain ASCII goes by 64 bytes at a time.
            if self.need or int.from_bytes(view[at:stop], "little") & _HIGH:
                while at < stop:
                    if not self._byte(view[at]):
                        return False
                    at += 1
            at = stop
        return True

    def _byte(self, c):
        # RFC 3629 section 4: the second byte of some sequences has narrower bounds.
        if self.need:
            if not self._low <= c <= self._top:
                return False
            self._low = 0x80
            self._top = 0xBF
            self.need -= 1
        elif c >= 0x80:
            if not 0xC2 <= c <= 0xF4:
                return False
            self.need = 1 if c < 0xE0 else 2 if c < 0xF0 else 3
            self._low = 0xA0 if c == 0xE0 else 0x90 if c == 0xF0 else 0x80
            self._top = 0x9F if c == 0xED else 0x8F if c == 0xF4 else 0xBF
        return True


def valid(data):
    """Is `data`, as a whole, UTF-8?"""
    checker = Checker()
    return checker.feed(memoryview(data), 0, len(memoryview(data))) and not checker.need


def repaired(text):
    """`text` fit to be sent: pairs of surrogates, as JSON escapes leave them, joined; single ones
    replaced."""
    if valid(text):
        return text
    out = []
    high = 0
    for c in text:
        code = ord(c)
        if high and 0xDC00 <= code <= 0xDFFF:
            out[-1] = chr(0x10000 + ((high - 0xD800) << 10) + code - 0xDC00)
            high = 0
            continue
        high = code if 0xD800 <= code <= 0xDBFF else 0
        out.append("\ufffd" if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF else c)
    return "".join(out)
