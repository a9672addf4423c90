"""Update slots: programs beside the one the board was delivered with, and which of them runs.

`FOLDER/slots/a` and `/b` each hold the files of a bundle (see `tools/bundle.py`), or all of them
in one (`pack.py`), which is shown as the folder `lib` in there. A new program is started on
trial: unless it is confirmed, the next start but one, or a failure, brings back the
one before. Which is which is in one small file, replaced atomically.
"""

import os
import sys

from ocpp.log import log
from ocpp.store import Store

_NAME = "slots"
_BOOTS = const(2)  # starts that a program on trial gets: a power cut is not its fault
_DIRECTORY = const(0x4000)
_PACK = "lib.pack"
_FOLDER = "/lib"


class Slots:
    """`folder`: where the station's files are; `board`: its name; `verify(digest, seal)`: a
    generator that returns what is wrong with the seal of a bundle (see `bundles`), or None;
    without it seals are not looked at. `delivered`: version of the program the board came with:
    with another one, say from a flasher, the slots count no more."""

    def __init__(self, folder, board=None, verify=None, delivered=""):
        self.root = folder + "/slots"
        self._board = board
        self._verify = verify
        self._delivered = delivered
        self._store = Store(self.root)
        state = self._store.load(_NAME)
        # "active": slot that is confirmed, "" for the program delivered; "trial": slot or absent;
        # "result" of the last update: "armed", "trial", "confirmed", "failed" or absent; "boots":
        # starts on trial; "versions": {slot: version} of the complete ones; "base": `delivered`
        self.state = state if isinstance(state, dict) else {}

    # -- for who starts the program --------------------------------------------------------------

    def start(self):
        """Choose the program to start now: -> (its folder, its version), (None, None) for the one
        delivered."""
        state = self.state
        if state.get("base", self._delivered) != self._delivered:
            log.warn("update", "other firmware was delivered: slots not used")
            state.clear()
            self._save()
        if state.get("result") in ("armed", "trial"):
            state.update({"result": "trial", "boots": state.get("boots", 0) + 1})
            if state["boots"] > _BOOTS:
                self.revert("did not get through its start")
            elif self._save():  # else its starts can't be counted
                found = self._program(state["trial"])
                if found:
                    return found
                self.revert("not there")
        return self._program(state.get("active")) or (None, None)

    def _program(self, slot):
        """(folder, version) of a slot's program, None if there is none that is whole."""
        version = self.state.get("versions", {}).get(slot)
        path = "%s/%s" % (self.root, slot)
        return (path, version) if version and _is_directory(path) else None

    def revert(self, why):
        """The program on trial is no good: the one before is started next."""
        if self.state.get("result") in ("armed", "trial"):
            log.error("update", "back to the firmware before:", why)
            self.state.update({"result": "failed", "why": why[:100]})
            self._save()

    # -- for the station, see `ocpp.station.update` ----------------------------------------------

    def result(self):
        return self.state.get("result")

    def activate(self):
        """Have the unpacked program started on trial. True: a restart is needed. OSError: there is
        none, or the flash is full."""
        if not self._program(self._spare()):
            raise OSError("nothing to start")
        self.state.update({"result": "armed", "trial": self._spare(), "boots": 0})
        if not self._save():
            raise OSError("flash full")
        return True

    def confirm(self):
        """The program on trial is the one to start from now on. OSError: not on flash."""
        state = dict(self.state, active=self.state["trial"], result="confirmed")
        if not self._store.save(_NAME, state):
            raise OSError("flash full")
        self.state = state

    def unpack(self, path, checked=False):
        """Unpack bundle `path` into the spare slot: a generator that returns its version.
        `checked`: its signature is known to be good. ValueError: not a bundle for this board,
        damaged, or not signed by whom it must be. OSError: no room."""
        from bundles import Bundle

        slot = self._spare()
        self.state.setdefault("versions", {}).pop(slot, None)
        self.state.pop("result", None)
        self.state["base"] = self._delivered
        if not _is_directory(self.root):
            os.mkdir(self.root)
        if not self._save():
            raise OSError("flash full")
        yield from _empty(self.root + "/" + slot)
        bundle = Bundle(path, self._board)
        try:
            yield from bundle.check(None if checked else self._verify)
            yield from bundle.unpack(self.root + "/" + slot)
        finally:
            bundle.close()
        self.state["versions"][slot] = bundle.version
        if not self._save():
            raise OSError("flash full")
        return bundle.version

    # -- inside ----------------------------------------------------------------------------------

    def _spare(self):
        return "b" if self.state.get("active") == "a" else "a"

    def _save(self):
        return self._store.save(_NAME, self.state)


def _is_directory(path):
    try:
        return bool(os.stat(path)[0] & _DIRECTORY)
    except OSError:
        return False


def _empty(path):
    """Delete a folder, a file at a time."""
    if not _is_directory(path):
        return
    for name in os.listdir(path):
        inner = path + "/" + name
        if _is_directory(inner):
            yield from _empty(inner)
        else:
            os.remove(inner)
        yield
    os.rmdir(path)


def use(path):
    """Have modules imported from `path` before any other place; None: from no slot."""
    for entry in list(sys.path):
        place = entry[:-4] if entry[-4:] == _FOLDER else entry
        if place[-8:] in ("/slots/a", "/slots/b"):
            sys.path.remove(entry)
    if path:
        sys.path.insert(0, _shown(path))


def _shown(path):
    """Where the modules of a slot are."""
    try:
        os.stat(path + "/" + _PACK)
    except OSError:
        return path
    import vfs
    from pack import mount

    try:
        vfs.umount(path + _FOLDER)  # of the program that was there before
    except OSError:
        pass
    mount(path + "/" + _PACK, path + _FOLDER)
    return path + _FOLDER
