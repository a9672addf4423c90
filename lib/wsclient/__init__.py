"""WebSocket client (RFC 6455) for MicroPython: `Link` is one connection. See README.md."""

from wsclient.link import Link


def join(url, identity):
    """See `handshake.join`, which is in memory only while it is needed."""
    from wsclient.handshake import join

    return join(url, identity)
