"""A certificate was asked for: asked again, with the same request, while none comes (A02.FR.17
to FR.19): after CertSigningWaitMinimum, then after pauses doubled CertSigningRepeatTimes times."""

from ocpp.clock import Timer
from ocpp.log import log


class Asking:
    """A part of the station, see `OnDemand.part`."""

    def __init__(self, station):
        self._station = station
        self._csr = None
        self._timer = Timer(station.clock)
        self._pause = 0  # s
        self._left = 0  # further times

    @property
    def busy(self):
        return self._csr is not None

    def begin(self, csr):
        """A request was sent."""
        if csr == self._csr:
            return  # once more
        settings = self._station.settings
        self._csr = csr
        self._pause = max(1, settings.get("CertSigningWaitMinimum"))
        self._left = settings.get("CertSigningRepeatTimes") + 1
        self._timer.start_s(self._pause)

    def answered(self):
        """A certificate came, or is refused."""
        self._csr = None
        self._timer.stop()

    def step(self):
        if self._csr is None or not self._timer.expired():
            return
        if self._left == 0:
            log.warn("certificates", "no certificate came")
            return self.answered()
        self._left -= 1
        self._pause *= 2
        self._timer.start_s(self._pause)
        self._station.dialect.sign_certificate(self._csr)
