"""Files over HTTP(S) and FTP(S), without blocking and with 1 kB of buffer. See README.md.

`download` and `upload` are generators: step them until they end; between two steps nothing waits.
They raise `TransferError` for whatever the other side or the network does, OSError only for the
file here. A host name lookup may block on some ports, and a single step of a TLS handshake takes
its time; see `wsclient.dial`.
"""

_MOST = const(4194304)  # bytes of a download


class TransferError(Exception):
    """args: kind, cause in words. Kinds: "url", "dns", "tcp", "tls", "timeout" (nothing moves, or
    all too slowly), "closed" (too early), "protocol" (not understood), "denied", "missing" (no
    such file), "unsupported" (the server can't do that), "status" (it refused for another reason),
    "size" (larger than allowed)."""

    @property
    def kind(self):
        return self.args[0]

    def __str__(self):
        return "%s: %s" % self.args


def download(url, path, clock, tls=None, limit=_MOST, stall_ms=30000, state=None):
    """Get `url` into the file `path`. What is there already is gone on with if the server can, and
    its file is the same one as in `state`: a dict that holds, afterwards, what tells versions of a
    file apart (JSON; {} before the first try). `tls`: as for `wsclient.Link`. `limit`: bytes."""
    from transfer.url import Url

    place = Url(url)
    state = {} if state is None else state
    if place.scheme[0] == "h":
        from transfer import http

        yield from http.get(place, path, clock, tls, limit, stall_ms, state)
    else:
        from transfer import ftp

        yield from ftp.get(place, path, clock, tls, limit, stall_ms, state)


def upload(url, name, path, clock, tls=None, stall_ms=30000):
    """Put the file `path` to `url` under the name `name`. HTTP: PUT to `url`/`name` (to `url`
    itself if it has a query), and if the server does not take that, POST multipart/form-data to
    `url`. FTP: STOR."""
    from transfer.url import Url

    place = Url(url)
    if place.scheme[0] == "h":
        from transfer import http

        yield from http.put(place, name, path, clock, tls, stall_ms)
    else:
        from transfer import ftp

        yield from ftp.put(place, name, path, clock, tls, stall_ms)
