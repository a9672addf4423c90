"""The configuration a charger starts with: what was put onto its flash, else what it has had, else
the second copy of that.

`config.new` is a configuration that takes the place of `config.json` if it is good. `spare/` holds
the second copy, with a checksum; on a board it is a folder of another file system than the one
where transactions are written, so that it outlives that one (see `partition.py`).
"""

import json
import os

import config
from config import ConfigError

from ocpp.log import log
from ocpp.store import Store

_NEW = "config.new"
_COPY = "config"


def configuration(folder, boards, spare=None):
    """(configuration, names of what was found damaged). ConfigError if there is none to be used.
    `spare`: folder of the second copy."""
    store = Store(_made(spare or folder + "/spare"))

    def exists(path):
        return config.is_file(folder + "/" + path)

    names = os.listdir(folder)
    name = _NEW if _NEW in names else config.FILE
    damaged = []
    try:
        data = config.read(folder, name)
        found = config.check(data, boards, exists)
    except ConfigError as e:
        data = store.load(_COPY)
        if name == _NEW:
            os.remove(folder + "/" + _NEW)
        if name == _NEW or data is None:
            raise e
        log.error("config", "%s: %s; the second copy is used" % (name, e))
        found = config.check(data, boards, exists)
        damaged.append("configuration")
        _mend(folder, data)
    for line in config.warnings(found, exists):
        log.warn("config", line)
    store.save(_COPY, data)
    if name == _NEW:
        os.rename(folder + "/" + _NEW, folder + "/" + config.FILE)
    return found, damaged + ["second copy of the configuration"] * bool(store.damaged)


def _made(folder):
    try:
        os.mkdir(folder)
    except OSError:
        pass  # it is there; if it can't be, the store says so
    return folder


def _mend(folder, data):
    """Write the configuration anew; what was there is kept beside it."""
    path = folder + "/" + config.FILE
    try:
        with open(path + ".part", "w") as file:
            json.dump(data, file)
        if config.FILE in os.listdir(folder):
            os.rename(path, path + ".bad")
        os.rename(path + ".part", path)
    except OSError as e:
        log.error("config", "cannot be written anew:", e)
