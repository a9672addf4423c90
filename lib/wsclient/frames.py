"""WebSocket framing (RFC 6455), client side, without I/O: bytes in and out, messages in and out.

Bytes of the server are written into `room()` and reported with `received(n)`; `parse()` turns them
into a message for `recv()`, answers pings, and finds everything the RFC forbids. Bytes for the
server are taken from `output()` and ticked off with `sent(n)`.

One buffer holds all that comes in: in front the message as far as it has arrived, behind it raw
bytes that are not parsed yet. It starts small, grows when a frame header announces more, up to
`max_message`, and shrinks when the message is taken. What is larger is refused by its header.

What goes out is masked piece by piece into a second, fixed buffer. Nothing of a message is copied
as a whole.
"""

import os

from wsclient.sender import Sender
from wsclient.utf8 import Checker, valid

_CONTINUATION = const(0)
_BINARY = const(2)
_CLOSE = const(8)
_PING = const(9)
_PONG = const(10)

_OPCODES = const(0b11100000011)  # one bit for each that is taken: 0, 1, 8, 9, 10
_SLACK = const(144)  # room for a header and a control frame behind the message
_BATCH = const(8)  # frames parsed in one go
_MAX_EMPTY = const(64)  # empty fragments of one message: more is a server that keeps us busy


class Frames(Sender):
    """`max_message`: longest incoming text in bytes. `start`: first size of the buffer, at least
    256. `fragment`: longest payload of one outgoing frame, at most 65535."""

    def __init__(self, max_message=8192, start=1024, fragment=4096, random=os.urandom):
        self._max = max_message
        super().__init__(fragment, random)
        self._small = self._view = memoryview(bytearray(max(start, 256)))
        self._message = 0  # bytes of the message at the front of the buffer
        self._at = 0  # raw bytes: from here ...
        self._end = 0  # ... to here
        self._left = -1  # payload bytes of the frame still to come; -1: a header is next
        self._final = False  # the current frame ends its message
        self._begun = False  # a message has begun and not ended
        self._empty = 0  # empty fragments of it
        self._utf8 = Checker()
        self.ready = False  # a whole message waits for `recv()`
        self.pong_seen = 0  # pongs received
        self.close_code = None  # the server's close code, 1005 if it gave none
        self.close_reason = ""
        self.error = None  # what the server did wrong, in words

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
        if self.error or self.close_code:
            return  # whatever comes now is of no interest
        self._end += n

    def receive(self, data):
        """Copy bytes in; raises ValueError if they do not fit. They may lie in the buffer
        itself."""
        if self._at == self._end:
            self._at = self._end = self._message
        end = self._end + len(data)
        if end > len(self._view):
            raise ValueError("too many bytes at once")
        self._view[self._end : end] = data
        self.received(len(data))

    def parse(self):
        """Work on what was received. True: more bytes are wanted; False: a message is ready, or
        call again."""
        for _ in range(_BATCH):
            if self.ready:
                return False
            if self.error or self.close_code:
                return True
            if self._left < 0 and not self._header():
                return True
            if self._left >= 0 and not self._payload():
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
            self._fail(1009, "no memory for a message of %d bytes" % self._message)
        self.ready = False
        self._message = 0
        if self._view is not self._small and self._end - self._at <= len(self._small) // 2:
            self._move(self._small)
        return text

    def _header(self):
        """Parse the next header; control frames are dealt with whole. False: not enough bytes, or
        failed."""
        at = self._at
        view = self._view
        have = self._end - at
        if have < 2:
            return False
        first = view[at]
        n = view[at + 1]
        op = first & 0x0F
        if first & 0x70 or n & 0x80:
            return self._fail(1002, "masked frame" if n & 0x80 else "reserved bit set")
        if not 1 << op & _OPCODES:
            if op == _BINARY:
                return self._fail(1003, "binary message")
            return self._fail(1002, "unknown opcode %d" % op)
        if op >= _CLOSE:
            return self._control(op, first & 0x80, at + 2, n, have - 2)
        if (op == _CONTINUATION) != self._begun:
            return self._fail(1002, "fragment out of order")
        size = 2
        if n > 125:
            size = 4 if n == 126 else 10
            if have < size:
                return False
            least = 126 if size == 4 else 65536
            n = int.from_bytes(view[at + 2 : at + size], "big")
            if n < least or n >> 63:
                return self._fail(1002, "bad frame length")
        return self._begin(first & 0x80, at + size, n)

    def _begin(self, final, at, n):
        """A data frame of `n` bytes begins at `at`."""
        if self._message + n > self._max:
            return self._fail(1009, "message longer than %d bytes" % self._max)
        if not self._begun:
            self._begun = True
            self._empty = 0
        if not n and not final:
            self._empty += 1
            if self._empty > _MAX_EMPTY:
                return self._fail(1008, "endless empty fragments")
        self._at = at
        self._final = final
        self._left = n
        need = self._message + n + _SLACK
        if need > len(self._view):
            size = max(need, min(2 * len(self._view), self._max + _SLACK))
            try:
                self._move(memoryview(bytearray(size)))
            except MemoryError:
                return self._fail(1009, "no memory for a message of %d bytes" % n)
        return True

    def _payload(self):
        """Move what there is of the frame's payload to the message. True: the frame is complete,
        another one is needed. False: bytes are missing, the message is ready, or failed."""
        n = min(self._left, self._end - self._at)
        if n:
            view = self._view
            to = self._message
            if to != self._at:
                view[to : to + n] = view[self._at : self._at + n]
            if not self._utf8.feed(view, to, to + n):
                return self._fail(1007, "text is not UTF-8")
            self._message += n
            self._at += n
            self._left -= n
        if self._left:
            return False
        self._left = -1
        if not self._final:
            return True
        if self._utf8.need:
            return self._fail(1007, "text is not UTF-8")
        self._begun = False
        if self.closing:  # nobody wants it any more
            self._message = 0
            return True
        self.ready = True
        return False

    def _control(self, op, final, at, n, have):
        if n > 125 or not final:
            return self._fail(1002, "control frame too long or fragmented")
        if have < n:
            return False
        self._at = at + n
        data = bytes(self._view[at : at + n])
        if op == _PING:
            if not self.closing:
                self._pong = data  # the latest is enough (RFC 6455 5.5.3)
        elif op == _PONG:
            self.pong_seen += 1
        else:
            return self._closed(data)
        return True

    def _closed(self, data):
        code = data[0] << 8 | data[1] if len(data) > 1 else 1005
        if data and not _allowed(code):
            return self._fail(1002, "bad close code")
        if not valid(data[2:]):
            return self._fail(1007, "close reason is not UTF-8")
        self.close_code = code
        self.close_reason = str(data[2:], "utf-8")
        self._at = self._end = self._message
        self._say_close(data[:2])
        return False

    def close(self, code=1000, reason=""):
        """Queue a close frame behind the message under way; messages that come in now are
        dropped."""
        super().close(code, reason)
        if self.ready:
            self.ready = False
            self._message = 0

    def _fail(self, code, text):
        """The server broke the rules: close with `code`, listen no more."""
        self.error = "%s (closing with %d)" % (text, code)
        self._at = self._end = self._message = 0
        self._say_close(bytes((code >> 8, code & 255)) + text.encode())
        return False

    def _move(self, view):
        """Put message and raw bytes, without the gap between, into `view`."""
        n = self._end - self._at
        if view is not self._view and self._message:
            view[: self._message] = self._view[: self._message]
        view[self._message : self._message + n] = self._view[self._at : self._end]
        self._view = view
        self._at = self._message
        self._end = self._at + n


def _allowed(code):
    """A close code that may be on the wire (RFC 6455 7.4 and the IANA registry)."""
    return 3000 <= code < 5000 or (1000 <= code <= 1014 and not 1004 <= code <= 1006)
