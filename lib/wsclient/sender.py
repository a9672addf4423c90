"""Outgoing WebSocket frames (RFC 6455), client side, without I/O.

Bytes for the server are taken from `output()` and ticked off with `sent(n)`. What goes out is
masked piece by piece into one fixed buffer: nothing of a message is copied as a whole, and control
frames go between its fragments.
"""

import os

from wsclient.utf8 import repaired, valid

_CONTINUATION = const(0)
_TEXT = const(1)
_CLOSE = const(8)
_PING = const(9)
_PONG = const(10)


class Sender:
    """`fragment`: longest payload of one frame in bytes, at most 65535."""

    def __init__(self, fragment=4096, random=os.urandom):
        self._fragment = fragment
        self._random = random
        self._out = memoryview(bytearray(512))
        self._out_at = 0
        self._out_end = 0
        self._text = None  # memoryview of the message being sent
        self._text_at = 0  # bytes of it that were masked
        self._stop = 0  # end of its current frame
        self._key = 0  # mask of the current frame, 64 bytes as one integer
        self._ping = None  # payloads that wait to be sent, or None
        self._pong = None
        self._close = None
        self.closing = False  # our close frame is queued or sent: no more messages
        self.close_sent = False

    def send(self, text):
        """Take one text message; False while another one is under way, or when closing."""
        if self._text is not None or self.closing:
            return False
        self._text = memoryview(repaired(text))
        self._text_at = self._stop = 0
        return True

    def ping(self, payload=b""):
        """Send a ping, before the rest of a message that is under way. ValueError above 125
        bytes."""
        if len(payload) > 125:
            raise ValueError("ping payload above 125 bytes")
        self._ping = payload

    def close(self, code=1000, reason=""):
        """Queue a close frame behind the message that is under way. Does nothing a second time."""
        if not self.closing:
            reason = reason.encode()[:123]
            while not valid(reason):
                reason = reason[:-1]
            self.closing = True
            self._close = bytes((code >> 8, code & 255)) + reason

    def output(self):
        """memoryview of the bytes to be sent next, or None. It stays the same until `sent`, as TLS
        needs."""
        if self._out_at == self._out_end:
            self._out_at = self._out_end = 0
            if not self._fill():
                return None
        return self._out[self._out_at : self._out_end]

    def sent(self, n):
        """The first `n` bytes of `output()` are on their way."""
        self._out_at += n
        if self.closing and self._close is None and self._out_at == self._out_end:
            self.close_sent = True

    def _say_close(self, payload):
        # Answer of ours to a close, or to an error: what is left of a message is not sent any
        # more, except for the rest of a frame that has begun.
        if self._text is not None and self._text_at == self._stop:
            self._text = None
        elif self._text is not None:
            self._text = self._text[: self._stop]
        self._ping = self._pong = None
        if not self.closing or self._close is not None:
            self.closing = True
            self._close = payload

    def _fill(self):
        """Put the next bytes into the empty output buffer; False if there are none."""
        if self._text is not None and self._text_at < self._stop:
            self._mask_on(0)
        elif self._pong is not None:
            self._frame(0x80 | _PONG, self._pong)
            self._pong = None
        elif self._ping is not None:
            self._frame(0x80 | _PING, self._ping)
            self._ping = None
        elif self._text is not None:
            self._next_fragment()
        elif self._close is not None:
            self._frame(0x80 | _CLOSE, self._close)
            self._close = None
        else:
            return False
        return True

    def _next_fragment(self):
        at = self._text_at
        n = len(self._text) - at
        op = _CONTINUATION if at else _TEXT
        if n > self._fragment:
            n = self._fragment
        else:
            op |= 0x80
        self._stop = at + n
        self._mask_on(self._start(op, n))

    def _mask_on(self, at):
        """Mask more of the message into the output buffer from `at` on: 0, or 8 where it matters,
        so that the mask of four bytes stays in step."""
        n = min(self._stop - self._text_at, len(self._out) - at)
        self._mask(self._text, self._text_at, at, n)
        self._text_at += n
        if self._text_at == len(self._text):
            self._text = None

    def _frame(self, first, payload):
        """A control frame, whole."""
        self._mask(memoryview(payload), 0, self._start(first, len(payload)), len(payload))

    def _start(self, first, n):
        """Write a header with a fresh mask; returns its length."""
        out = self._out
        mask = self._random(4)
        out[0] = first
        size = 2
        if n < 126:
            out[1] = 0x80 | n
        else:
            out[1] = 0x80 | 126
            out[2] = n >> 8
            out[3] = n & 255
            size = 4
        out[size : size + 4] = mask
        self._key = int.from_bytes(mask * 16, "little")
        return size + 4

    def _mask(self, source, at, to, n):
        # As integers of 64 bytes: 20 times faster than byte by byte on a microcontroller.
        out = self._out
        key = self._key
        self._out_end = to + n
        while n > 0:
            part = min(n, 64)
            x = int.from_bytes(source[at : at + part], "little") ^ key
            out[to : to + part] = memoryview(x.to_bytes(64, "little"))[:part]
            at += part
            to += part
            n -= part
