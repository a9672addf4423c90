"""Small state files: one JSON value a file, replaced atomically, checked by CRC-32.

    store = Store(root)             root: path of an existing directory
    store.load(name)                -> value, or None if there is none (or none undamaged)
    store.save(name, value)         -> True once it is on flash; False: flash full or broken, the
                                       old value stays. Saving what is there already writes nothing
    store.numbers(kind)             -> [N] of the names `kindN` there are
    store.remove(name)              forget the value and its previous version
    store.damaged                   names found damaged (each once, at most 16; also logged)
    store.newer                     names of a newer format (the same): left untouched, not read;
                                       save() puts such a file aside as NAME.vN, and firmware that
                                       knows format N reads it there, if there is no other
    store.writes                    files replaced since the start
    store.full                      True while the last save() failed; probe() tries again
    store.next_boot(floor=0)        -> number of this boot: above all earlier ones and `floor`

Names are short identifiers (letters, digits, `_`, `-`), else ValueError. load() never raises for
what is on flash: a damaged file costs its last change, as the previous version is kept beside it.
"""


class Store:
    """What these do is done by `statefiles`, which is in memory only while it is used."""

    def __init__(self, root):
        self.root = root
        self.damaged = []
        self.newer = []
        self.writes = 0
        self.full = False

    def load(self, name):
        """The newest undamaged value of `name`, or None."""
        return _files().load(self, name)

    def save(self, name, value):
        """Replace the value of `name`. False if the flash did not take it: the old one stays."""
        return _files().save(self, name, value)

    def probe(self):
        """Try again whether the flash takes anything; see `full`."""
        _files().probe(self)

    def remove(self, name):
        """Forget `name`; the previous version first, lest it come back."""
        _files().remove(self, name)

    def numbers(self, kind):
        """Numbers N of the values named `kindN` (`kind`: two letters), of any version."""
        return _files().numbers(self, kind)

    def next_boot(self, floor=0):
        """Count this boot; -> its number, greater than `floor` and any before."""
        return _files().next_boot(self, floor)


def _files():
    from ocpp import statefiles

    return statefiles
