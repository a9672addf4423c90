"""The web console: who may see it, and its files.

They are made by `tools/console.py` from `firmware/www/` and lie compressed in a folder `www`
beside the program. In memory only while one is asked for.
"""

import binascii
import os
import sys

_HEAD = const(10)  # bytes before what is compressed; the time in it is the checksum, see there
_PIECE = const(1024)
_KINDS = {"": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def served(path, known):
    """The answer for a file of the page, None if there is none of that path. `known`: the
    client's If-None-Match, or None."""
    from microdot import Response

    name = "console.html" if path == "/" else path[1:]
    if "/" in name or name[:7] != "console":
        return None
    file, size = _opened(name)
    if file is None:
        return None
    head = file.read(_HEAD)
    tag = '"%s"' % binascii.hexlify(head[4:8]).decode()
    headers = {
        "ETag": tag,
        "Cache-Control": "no-cache",
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    if known == tag:
        file.close()
        return Response(b"", 304, headers)
    dot = path.rfind(".")
    kind = _KINDS[path[dot:] if dot > 0 else ""]
    headers["Content-Type"] = kind + "; charset=utf-8"
    headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(size)
    return Response(_pieces(head, file), 200, headers)


def _opened(name):
    """(file, its size), (None, 0) if there is none."""
    for folder in sys.path:
        path = "%s/www/%s.gz" % (folder or ".", name)
        try:
            return open(path, "rb"), os.stat(path)[6]
        except OSError:
            pass  # .frozen is no folder
    return None, 0


def _pieces(piece, file):
    with file:
        while piece:
            yield piece
            piece = file.read(_PIECE)


def admits(password, header):
    """True if the client's Authorization `header` (or None) has this password; the user's name
    may be any."""
    kind, _, data = (header or "").partition(" ")
    try:
        given = binascii.a2b_base64(data).partition(b":")[2] if kind.lower() == "basic" else None
    except ValueError:
        given = None
    if given is None:
        return False
    wanted = password.encode()
    wrong = len(given) != len(wanted)
    for a, b in zip(given, wanted):  # the time tells nothing of how much was right
        wrong |= a != b
    return not wrong
