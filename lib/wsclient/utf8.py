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
            if not self.need and not int.from_bytes(view[at:stop], "little") & _HIGH:
                at = stop
            for c in view[at:stop]:
                # RFC 3629 section 4: the second byte of some sequences has narrower bounds.
                if not self.need:
                    if c < 0x80:
                        continue
                    if not 0xC2 <= c <= 0xF4:
                        return False
                    self.need = 1 + (c >= 0xE0) + (c >= 0xF0)
                    self._low = 0xA0 if c == 0xE0 else 0x90 if c == 0xF0 else 0x80
                    self._top = 0x9F if c == 0xED else 0x8F if c == 0xF4 else 0xBF
                elif self._low <= c <= self._top:
                    self.need -= 1
                    self._low = 0x80
                    self._top = 0xBF
                else:
                    return False
            at = stop
        return True


def valid(data):
    """Is `data`, as a whole, UTF-8?"""
    checker = Checker()
    view = memoryview(data)
    return checker.feed(view, 0, len(view)) and not checker.need


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
        else:
            out.append("\ufffd" if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF else c)
        high = code if 0xD800 <= code <= 0xDBFF else 0
    return "".join(out)
