"""WebSocket client (RFC 6455) for MicroPython: `Link` is one connection. See README.md."""

from wsclient.handshake import Failure, Handshake, join, parse_url, quote
from wsclient.link import Link
