"""WebSocket framing (RFC 6455), client side, without I/O: bytes in and out, messages in and out.

Bytes of the server are written into `room()` and reported with `received(n)`; `parse()` turns them
into a message for `recv()`, answers pings, and finds everything the RFC forbids. One buffer holds
all that comes in: in front the message as far as it has arrived, behind it raw bytes that are not
parsed yet. It starts small, grows when a frame header announces more, up to `max_message`, and
shrinks when the message is taken. What is larger is refused by its header.

Bytes for the server are taken from `output()` and ticked off with `sent(n)`. What goes out is
masked piece by piece into a second, fixed buffer, and control frames go between the fragments of a
message. Nothing of a message is copied as a whole.
"""

import os

from wsclient.utf8 import Checker, repaired, valid

_CONTINUATION = const(0)
_TEXT = const(1)
_BINARY = const(2)
_CLOSE = const(8)
_PING = const(9)
_PONG = const(10)
_FIN = const(0x80)

_SLACK = const(144)  # room for a header and a control frame behind the message
_BATCH = const(16)  # headers and payloads parsed in one go
_NO_MEMORY = const("no memory for a message of %d bytes")
_MAX_EMPTY = const(64)  # empty fragments of one message: more is a server that keeps us busy


class Frames:
    """`max_message`: longest incoming text in bytes. `start`: first size of the buffer, at least
    256. `fragment`: longest payload of one outgoing frame, 125 to 65535."""

    def __init__(self, max_message=8192, start=512, fragment=4096, random=os.urandom):
        self._max = max_message
        self._small = self._view = memoryview(bytearray(start))
        self._message = 0  # bytes of the message at the front of the buffer
        self._at = 0  # raw bytes: from here ...
        self._end = 0  # ... to here
        self._left = -1  # payload bytes of the frame still to come; -1: a header is next
        self._final = False  # the current frame ends its message
        self._empty = -1  # empty fragments of the message that has begun; -1: none has
        self._utf8 = Checker()
        self.ready = False  # a whole message waits for `recv()`
        self.pong_seen = 0  # pongs received
        self.close_code = None  # the server's close code, 1005 if it gave none
        self.close_reason = ""
        self.error = None  # what the server did wrong, in words
        # What goes out
        self._fragment = fragment
        self._random = random
        self._out = memoryview(bytearray(512))
        self._out_at = self._out_end = 0
        self._key = 0  # mask of the current frame, 64 bytes as one integer
        self._source = b""  # what is left of its payload
        self._waiting = {}  # opcode -> payload of the next frame of that kind
        self.closing = False  # our close frame waits or was sent: no more messages

    # ---- in ----

    def room(self):
        """memoryview to write the server's bytes into; not while `ready`. Allocates only when
        bytes of an unfinished frame wait."""
        if self._at == self._end:
            self._at = self._end = self._message
            if not self._end:
                return self._view
        elif self._end == len(self._view):
            self._move(self._view)
        return self._view[self._end :]

    def received(self, n):
        """`n` bytes were written to `room()`."""
        if not self.error and not self.close_code:  # else they are of no interest
            self._end += n

    def parse(self):
        """Work on what was received. True: more bytes are wanted; False: a message is ready, or
        call again."""
        for _ in range(_BATCH):
            if self.ready:
                return False
            if self.error or self.close_code:
                return True
            if not (self._header() if self._left < 0 else self._payload()):
                return not self.ready
        return self._at == self._end

    def recv(self):
        """The message that is `ready`, as str, or None."""
        if not self.ready:
            return None
        text = None
        try:
            text = str(self._view[: self._message], "utf-8")
        except MemoryError:
            self._fail(1009, _NO_MEMORY % self._message)
        self.ready = False
        self._message = 0
        if self._view is not self._small and self._end - self._at <= len(self._small) // 2:
            self._move(self._small)
        return text

    def _header(self):
        """Parse the next header; control frames are dealt with whole. False: not enough bytes, or
        failed."""
        view = self._view
        at = self._at
        have = self._end - at
        if have < 2:
            return False
        first = view[at]
        n = second = view[at + 1]
        op = first & 0x0F
        at += 2
        if op == _BINARY:
            return self._fail(1003, "binary message")
        bad = first & 0x70 or n & 0x80 or op & 7 > _BINARY  # reserved bit, mask, opcode
        if op >= _CLOSE:
            bad = bad or n > 125 or first < _FIN
        else:
            bad = bad or (op == _CONTINUATION) == (self._empty < 0)
        if n > 125 and not bad:
            size = 2 if n == 126 else 8
            if have < 2 + size:
                return False
            n = int.from_bytes(view[at : at + size], "big")
            at += size
            bad = n < (126 if size == 2 else 65536) or n >> 63
        if bad:
            return self._fail(1002, "bad frame header %02x %02x" % (first, second))
        if op < _CLOSE:
            return self._begin(first & _FIN, at, n)
        if have < 2 + n:
            return False
        self._at = at + n
        return self._control(op, bytes(view[at : at + n]))

    def _begin(self, final, at, n):
        """A data frame of `n` bytes begins at `at`."""
        self._empty += 1 if self._empty < 0 or not (n or final) else 0
        if self._empty > _MAX_EMPTY:
            return self._fail(1008, "endless empty fragments")
        need = self._message + n
        if need > self._max:
            return self._fail(1009, "message longer than %d bytes" % self._max)
        self._at = at
        self._final = final
        self._left = n
        need += _SLACK
        if need > len(self._view):
            try:
                size = max(need, min(2 * len(self._view), self._max + _SLACK))
                self._move(memoryview(bytearray(size)))
            except MemoryError:
                return self._fail(1009, _NO_MEMORY % need)
        return True

    def _payload(self):
        """Move what there is of the frame's payload to the message. True: the frame is complete,
        another one is needed. False: bytes are missing, the message is ready, or failed."""
        to = self._message
        at = self._at
        n = min(self._left, self._end - at)
        if n:
            self._view[to : to + n] = self._view[at : at + n]
        self._message = to + n
        self._at = at + n
        self._left -= n
        last = self._final and not self._left
        if not self._utf8.feed(self._view, to, to + n) or (last and self._utf8.need):
            return self._fail(1007, "text is not UTF-8")
        if self._left:
            return False
        self._left = -1
        if last:
            self._empty = -1
            self.ready = not self.closing
            if self.closing:  # nobody wants it any more
                self._message = 0
        return not self.ready

    def _control(self, op, data):
        if op == _PONG:
            self.pong_seen += 1
        elif op == _PING:
            if not self.closing:
                self._waiting[_PONG] = data  # the latest is enough (RFC 6455 5.5.3)
        else:
            code = int.from_bytes(data[:2], "big") if data else 1005
            # Those that may be on the wire (RFC 6455 7.4 and the IANA registry).
            known = 1000 <= code <= 1014 and not 1004 <= code <= 1006
            if data and not known and not 3000 <= code < 5000:
                return self._fail(1002, "bad close code %d" % code)
            if not valid(data[2:]):
                return self._fail(1007, "close reason is not UTF-8")
            self.close_code = code
            self.close_reason = str(data[2:], "utf-8")
            self._end = self._at
            self._answer(data[:2])
            return False
        return True

    def _fail(self, code, text):
        """The server broke the rules: close with `code`, listen no more. -> False"""
        self.error = "%s (closing with %d)" % (text, code)
        self._at = self._end = self._message = 0
        self._answer(code.to_bytes(2, "big") + text.encode())
        return False

    def _move(self, view):
        """Put message and raw bytes, without the gap between, into `view`."""
        n = self._end - self._at
        if view is not self._view:
            view[: self._message] = self._view[: self._message]
        view[self._message : self._message + n] = self._view[self._at : self._end]
        self._view = view
        self._at = self._message
        self._end = self._at + n

    # ---- out ----

    def send(self, text):
        """Take one text message; False while another one is under way, or when closing."""
        waiting = self._waiting
        if self._source or _TEXT in waiting or _CONTINUATION in waiting or self.closing:
            return False
        waiting[_TEXT] = memoryview(repaired(text))
        return True

    def ping(self, payload=b""):
        """Send a ping, before the rest of a message that is under way. ValueError above 125
        bytes."""
        if len(payload) > 125:
            raise ValueError("ping payload above 125 bytes")
        self._waiting[_PING] = payload

    def close(self, code=1000, reason=""):
        """Queue a close frame behind the message that is under way. Messages that come in now are
        dropped. Does nothing a second time."""
        if self.closing:
            return
        reason = reason.encode()[:123]
        while not valid(reason):
            reason = reason[:-1]
        self.closing = True
        self._waiting[_CLOSE] = code.to_bytes(2, "big") + reason
        if self.ready:
            self.ready = False
            self._message = 0

    def _answer(self, payload):
        """Answer a close, or an error. What is left of a message is not sent any more, except for
        the rest of a frame that has begun."""
        said = self.closing and _CLOSE not in self._waiting
        self._waiting = {} if said else {_CLOSE: payload}
        self.closing = True

    def output(self):
        """memoryview of the bytes to be sent next, or None. It stays the same until `sent`, as TLS
        needs."""
        if self._out_at == self._out_end and not self._fill():
            return None
        return self._out[self._out_at : self._out_end]

    def sent(self, n):
        """The first `n` bytes of `output()` are on their way."""
        self._out_at += n

    def _fill(self):
        """Put the next bytes into the empty output buffer; False if there are none."""
        out = self._out
        to = 0
        if not self._source:
            to = self._next_frame()
            if not to:
                return False
        # The mask stays in step: `to` is 0, or 8 where more than a buffer follows.
        source = self._source
        n = min(len(source), len(out) - to)
        # As integers of 64 bytes: 20 times faster than byte by byte on a microcontroller.
        for at in range(0, n, 64):
            part = source[at : min(at + 64, n)]
            masked = int.from_bytes(part, "little") ^ self._key
            size = len(part)
            out[to + at : to + at + size] = masked.to_bytes(64, "little")[:size]
        self._source = source[n:]
        self._out_at = 0
        self._out_end = to + n
        return True

    def _next_frame(self):
        """Begin the next frame: its header, with a fresh mask, into the output buffer. -> length
        of the header; 0: nothing waits."""
        for op in (_PONG, _PING, _CONTINUATION, _TEXT, _CLOSE):
            if op in self._waiting:
                break
        else:
            return 0
        payload = self._waiting.pop(op)
        n = len(payload)
        if n > self._fragment and op < _CLOSE:
            n = self._fragment
            self._waiting[_CONTINUATION] = payload[n:]
            payload = payload[:n]
        else:
            op |= _FIN
        self._source = payload
        mask = self._random(4)
        self._key = int.from_bytes(mask * 16, "little")
        header = bytes((op, _FIN | n) if n < 126 else (op, 0xFE, n >> 8, n & 255)) + mask
        self._out[: len(header)] = header
        return len(header)
