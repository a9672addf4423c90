"""URLs of files: http, https, ftp, ftps."""

from transfer import TransferError

_PORTS = {"http": 80, "https": 443, "ftp": 21, "ftps": 21}
_MAX = const(1024)


class Url:
    """`scheme`, `host`, `port`, `user`, `password` (None without), `path` (beginning with a slash,
    still percent-encoded, no query), `query` (with its question mark, or ""). TransferError "url"
    for anything else."""

    def __init__(self, text):
        scheme, mark, rest = text.partition("://")
        self.scheme = scheme.lower()
        if not mark or self.scheme not in _PORTS:
            raise TransferError("url", "scheme is none of http, https, ftp, ftps")
        if len(text) > _MAX:
            raise TransferError("url", "longer than %d characters" % _MAX)
        for c in rest:
            if not "!" <= c <= "~":
                raise TransferError("url", "a character in it must be percent-encoded")
        rest = rest.partition("#")[0]
        authority = rest.partition("?")[0].partition("/")[0]
        rest = rest[len(authority) :]
        self.path, self.query = rest, ""
        at = rest.find("?")
        if at >= 0:
            self.path, self.query = rest[:at], rest[at:]
        self.path = self.path or "/"
        self.user = self.password = None
        user, mark, authority = authority.rpartition("@")
        if mark:
            user, mark, password = user.partition(":")
            self.user = unquote(user)
            self.password = unquote(password) if mark else ""
        self._address(authority)

    @property
    def secure(self):
        return self.scheme[-1] == "s"

    def _address(self, authority):
        host, mark, port = authority.partition(":")
        if authority[:1] == "[":
            host, end, port = authority[1:].partition("]")
            mark = port[:1]
            port = port[1:]
            if not end or ":" not in host or mark not in ":":
                host = ""
        if not host:
            raise TransferError("url", "no host in it")
        if mark and (not port.isdigit() or not 0 < int(port) < 65536):
            raise TransferError("url", "bad port")
        self.host = host
        self.port = int(port) if mark else _PORTS[self.scheme]

    def authority(self):
        """Host and port as for a Host header."""
        host = "[%s]" % self.host if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else "%s:%d" % (host, self.port)

    def join(self, reference):
        """The Url a redirection leads to (RFC 3986 §5.2). No user name is taken along."""
        base = "%s://%s" % (self.scheme, self.authority())
        if "://" in reference.partition("?")[0]:
            return Url(reference)
        if reference[:2] == "//":
            return Url(self.scheme + ":" + reference)
        if reference[:1] == "/":
            return Url(base + reference)
        if reference[:1] in ("?", ""):
            return Url(base + self.path + reference)
        return Url(base + self.path[: self.path.rfind("/") + 1] + reference)

    def file(self, name):
        """Path of the file `name` in the directory that this URL names."""
        return self.path + ("" if self.path[-1] == "/" else "/") + name


def unquote(text):
    """Percent-decoded text. TransferError "url" if it is no UTF-8, or has a control character."""
    first, *parts = text.encode().split(b"%")
    try:
        for part in parts:
            first += bytes((int(part[:2], 16),)) + part[2:]
        text = first.decode()
    except (ValueError, UnicodeError):
        raise TransferError("url", "bad percent-encoding") from None
    for c in text:
        if c < " ":
            raise TransferError("url", "a control character in it")
    return text
