"""What one start of a chip tells the next: how many of them failed, and why there is a new one.

A start is written down before anything else is done, and ticked off once the program has run for
a while. With too many in a row that were not, the charger comes up in safe mode (`chip.py`).
"""

import os

_COUNT = "/starts"
_REASON = "/reason"
SAFE = const(5)  # failed starts in a row
_NAMES = ("LocalReset", "RemoteReset", "ScheduledReset", "FirmwareUpdate", "Watchdog", "PowerUp")


class Starts:
    """`folder`: where its two files are, "" for the root. An error of the flash never keeps the
    charger from its start."""

    def __init__(self, folder):
        self._folder = folder
        self.failed = 0  # starts before this one that did not come to their end

    def begin(self):
        """One more start. -> True: start as usual; False: too many have failed."""
        self.failed = self._size()
        try:
            with open(self._folder + _COUNT, "a") as file:
                file.write(".")
        except OSError:
            return True
        return self.failed < SAFE

    def sound(self):
        """This start was a good one."""
        self._remove(_COUNT)

    def leave(self, reason):
        """The next start is on purpose. `reason`: as for `Runner.restart`."""
        try:
            with open(self._folder + _REASON, "w") as file:
                file.write(reason)
        except OSError:
            pass  # then the chip's own word counts

    def reason(self, cause):
        """Why this start is. `cause`: what the chip says."""
        try:
            with open(self._folder + _REASON) as file:
                told = file.read(20)
        except (OSError, UnicodeError):
            return cause
        self._remove(_REASON)
        return told if told in _NAMES and cause != "PowerUp" else cause

    def _size(self):
        try:
            return os.stat(self._folder + _COUNT)[6]
        except OSError:
            return 0

    def _remove(self, name):
        try:
            os.remove(self._folder + name)
        except OSError:
            pass  # it is not there
