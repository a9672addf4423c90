"""JSON as RFC 8259 has it. MicroPython's `json.loads` alone takes `{"a":}`, `[1 2]` or `01`.

Strings are skipped with `find`, which is fast; what is left of a message is a few dozen characters
that a small machine walks. Surrogate pairs, which `json.loads` leaves as two characters that are
not UTF-8, are joined.
"""

import json

_MAX_DEPTH = const(24)
_HEX = const(b"0123456789abcdefABCDEF")
_ESCAPES = const(b'"\\/bfnrtu')

# What may come next
_VALUE = const(0)  # a value
_FIRST = const(1)  # a value or ]
_KEY = const(2)  # a key
_FIRST_KEY = const(3)  # a key or }
_COLON = const(4)
_AFTER = const(5)  # , or the closing bracket; at the top: nothing


class Objects:
    """An array of objects that are made when they are asked for: for loops, `[i]` and `len` only.
    `marks`: where each begins and ends in `data`, JSON that was checked."""

    def __init__(self, data, marks):
        self._data = data
        self.marks = marks

    def __len__(self):
        return len(self.marks) // 2

    def __getitem__(self, i):
        if not 0 <= i < len(self):
            raise IndexError
        return _value(self._data[self.marks[2 * i] : self.marks[2 * i + 1]].decode())


def loads(text):
    """The value of JSON `text`. Raises ValueError for anything that is not JSON."""
    check(text)
    return _value(text)


def loads_frame(text):
    """The same of a frame, `[..., {"name": ...}]`; the first array of objects in its last element
    is an `Objects`, so that a long message takes little more memory than its text."""
    marks = []
    check(text, marks)
    data = text.encode()
    begin = data.rfind(b"[", 0, marks[0]) if marks else 0
    end = data.find(b"]", marks[-1]) if marks else 0
    if not marks or not _alone(data, begin, marks, end):
        return _value(text)
    quote = data.rfind(b'"', 0, begin)
    name = data[data.rfind(b'"', 0, quote) + 1 : quote].decode()
    frame = _value((data[:begin] + b"[]" + data[end + 1 :]).decode())
    payload = frame[-1]
    if not isinstance(payload, dict) or name not in payload:  # or a name with escapes
        return _value(text)
    payload[name] = Objects(data, marks)
    return frame


def _alone(data, begin, marks, end):
    """True if an array, from `begin` to `end`, holds nothing but the objects."""
    at = begin + 1
    for i in range(0, len(marks), 2):
        if data[at : marks[i]].strip() != (b"," if i else b""):
            return False
        at = marks[i + 1]
    return not data[at:end].strip()


def _value(text):
    if "\\ud" in text or "\\uD" in text:
        text = _join_surrogates(text)
    return json.loads(text)


def check(text, marks=None):
    """Raises ValueError for anything that is not JSON; makes no values. `marks`: list that takes
    begin and end of each object in the first array that an object in the outermost array has."""
    data = text.encode()  # indexing text would count characters from its start each time
    stack = []
    expect = _VALUE
    i = 0
    n = len(data)
    seen = marks is None  # True: the array is over
    while i < n:
        c = data[i]
        if c == 34:
            i = _string_end(data, i + 1)
            if expect in (_KEY, _FIRST_KEY):
                expect = _COLON
            elif expect <= _FIRST:
                expect = _AFTER
            else:
                raise ValueError("JSON: unexpected string")
        elif c in b"{}[]:,":
            expect = _punctuation(c, expect, stack)
            i += 1
            if not seen and c in b"{}]":
                seen = _mark(c, i, stack, marks)
        elif c in b" \t\r\n":
            i += 1
        elif expect <= _FIRST:
            i = _scalar_end(data, i, n)
            expect = _AFTER
        else:
            raise ValueError("JSON: unexpected character")
    if stack or expect != _AFTER:
        raise ValueError("JSON: ends early")


def _punctuation(c, expect, stack):
    if c in b"{[":
        if expect <= _FIRST and len(stack) < _MAX_DEPTH:
            stack.append(c + 2)  # the bracket that closes it
            return _FIRST_KEY if c == 123 else _FIRST
    elif c == 58:  # :
        if expect == _COLON:
            return _VALUE
    elif c == 44:  # ,
        if expect == _AFTER and stack:
            return _KEY if stack[-1] == 125 else _VALUE
    elif stack and c == stack[-1] and expect in (_AFTER, _FIRST if c == 93 else _FIRST_KEY):
        stack.pop()
        return _AFTER
    raise ValueError("JSON: unexpected bracket, colon or comma")


def _mark(c, i, stack, marks):
    """Note where the objects of `check` are; `i`: behind the bracket. True: there are no more."""
    depth = len(stack)
    if c == 123:
        if depth == 4 and bytes(stack) == b"]}]}":
            marks.append(i - 1)
    elif c == 125:
        if depth == 3 and len(marks) % 2:
            marks.append(i)
    return c == 93 and depth == 2 and len(marks) > 0


def _string_end(data, i):
    """Index behind the closing quote; escapes and control characters are checked."""
    start = i
    while True:
        end = data.find(b'"', i)
        if end < 0:
            raise ValueError("JSON: string without end")
        i = data.find(b"\\", i, end)
        if i < 0:
            break
        escape = data[i + 1] if i + 1 < len(data) else 0
        if escape not in _ESCAPES:
            raise ValueError("JSON: bad escape")
        if escape == 117:  # u
            digits = data[i + 2 : i + 6]
            if len(digits) != 4 or not all(d in _HEX for d in digits):
                raise ValueError("JSON: bad escape")
        i += 2
    if end > start and min(data[start:end]) < 32:
        raise ValueError("JSON: control character in string")
    return end + 1


def _scalar_end(data, i, n):
    start = i
    while i < n and data[i] not in b' \t\r\n"{}[]:,':
        i += 1
    word = bytes(data[start:i])
    if word not in (b"true", b"false", b"null") and not _is_number(word):
        raise ValueError("JSON: unexpected word")
    return i


def _is_number(word):
    if word[:1] == b"-":
        word = word[1:]
    mantissa, mark, exponent = word.replace(b"E", b"e").partition(b"e")
    whole, point, fraction = mantissa.partition(b".")
    if not whole.isdigit() or (len(whole) > 1 and whole[0] == 48):
        return False
    if point and not fraction.isdigit():
        return False
    return not mark or (exponent[1:] if exponent[:1] in (b"+", b"-") else exponent).isdigit()


def _join_surrogates(text):
    parts = []
    i = 0
    while True:
        j = text.find("\\u", i)
        if j < 0:
            parts.append(text[i:])
            return "".join(parts)
        backslashes = 0
        while j > backslashes and text[j - backslashes - 1] == "\\":
            backslashes += 1
        high = int(text[j + 2 : j + 6], 16) if backslashes % 2 == 0 else 0
        if not 0xD800 <= high <= 0xDFFF:
            parts.append(text[i : j + 2])
            i = j + 2
            continue
        parts.append(text[i:j])
        i = j + 6
        low = 0
        if text[i : i + 2] == "\\u":
            low = int(text[i + 2 : i + 6], 16)
        if high < 0xDC00 and 0xDC00 <= low <= 0xDFFF:
            parts.append(chr(0x10000 + ((high - 0xD800) << 10) + low - 0xDC00))
            i += 6
        else:
            parts.append("\ufffd")  # half a pair
