"""File transfers and firmware slots as the station wants them (`Host.transfers`, `Host.updater`).
In memory only while they are used."""

import transfer


class Transfers:
    """`tls()` -> what TLS needs, `stall_ms`: longest time in which nothing moves."""

    def __init__(self, clock, tls, stall_ms):
        self._clock = clock
        self._tls = tls
        self._stall = stall_ms

    def get(self, url, path, limit, state):
        """See `transfer.download`."""
        tls = self._needed(url)
        return transfer.download(url, path, self._clock, tls, limit, self._stall, state)

    def put(self, url, name, path):
        """See `transfer.upload`."""
        return transfer.upload(url, name, path, self._clock, self._needed(url), self._stall)

    def _needed(self, url):
        """The server must bear its own name; our certificate is for the central system alone."""
        if url[:5].lower() not in ("https", "ftps:"):
            return None
        return {"cadata": self._tls().get("cadata", ())}


class AnyFirmware:
    """An updater that takes whatever comes for firmware, and is done with it
    (`any_firmware`)."""

    def unpack(self, path, checked=False):
        yield
        return "any"

    def activate(self):
        return False

    def result(self):
        return None

    confirm = result

    def revert(self, why):
        pass
