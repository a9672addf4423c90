"""The folder that stands for the charger's flash: who uses it, and the configuration that is put
onto it."""

import contextlib
import fcntl
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

_NEW = "config.new"  # the firmware takes it over if it is good
_BUSY_S = 5  # how long a charger that was just killed may take to go


class FlashError(Exception):
    """The flash can't be used. The text is for the user."""


class BadConfig(Exception):
    """The configuration file can't be used. The text is for the user."""


@contextlib.contextmanager
def opened(folder):
    """Yields (flash folder, file descriptor that locks it). Without `folder` it is a temporary
    one."""
    if folder is None:
        base = tempfile.TemporaryDirectory(prefix="charger-")
        with base, opened(Path(base.name) / "flash") as flash:
            yield flash
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder, os.O_RDONLY)
    except OSError as e:
        raise FlashError("--flash %s: %s" % (folder, e.strerror)) from None
    try:
        _lock(lock, folder)
        yield folder.resolve(), lock
    finally:
        os.close(lock)


def _lock(lock, folder):
    """One charger at a time on one flash. The child holds the lock too, so that one that is still
    dying is waited for."""
    end = time.monotonic() + _BUSY_S
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > end:
                raise FlashError("--flash %s: another charger is using it" % folder) from None
            time.sleep(0.02)


def put_config(file, flash):
    """Put configuration `file` and the certificate and key files that it names onto the flash."""
    put_data(read_config(file), Path(file).parent, flash)


def put_data(config, source, flash):
    """The same with a configuration that was read already; `source`: folder of its files."""
    if isinstance(config, dict):
        _put_files(config, source, flash)
    (flash / _NEW).write_text(json.dumps(config, ensure_ascii=False))


def read_config(file):
    """The JSON value of a file, strictly. BadConfig says where it is wrong."""

    def unique(pairs):
        names = [name for name, _ in pairs]
        for name in names:
            if names.count(name) > 1:
                raise ValueError("key %s is there twice; accepted: once" % json.dumps(name))
        return dict(pairs)

    def constant(name):
        raise ValueError("%s is no JSON value" % name)

    try:
        text = Path(file).read_text(encoding="utf-8-sig")
        return json.loads(text, object_pairs_hook=unique, parse_constant=constant)
    except OSError as e:
        raise BadConfig("--config %s: %s" % (file, e.strerror)) from None
    except json.JSONDecodeError as e:
        raise BadConfig("--config %s: not JSON: %s" % (file, e)) from None
    except (ValueError, RecursionError) as e:
        raise BadConfig("--config %s: %s" % (file, e)) from None


def _put_files(config, source, flash):
    """Copy the files that `config` names beside it, and have it name them as they are called
    there."""
    ocpp = config.get("ocpp")
    if not isinstance(ocpp, dict):
        return
    for key in ("ca_file", "cert_file", "key_file"):
        if key in ocpp:
            ocpp[key] = _put_file(ocpp[key], source, flash)
    uses = ocpp.get("certificates")
    for use, names in uses.items() if isinstance(uses, dict) else ():
        if isinstance(names, list):
            uses[use] = [_put_file(name, source, flash) for name in names]


def _put_file(name, source, flash):
    """The name on flash of a file. What is no name, or not there, is for the firmware to complain
    of."""
    if not isinstance(name, str) or not name:
        return name
    path = source / name
    if not path.is_file():
        return name
    inside = not os.path.isabs(name) and ".." not in Path(name).parts
    target = (
        name if inside else "from-" + "-".join(p for p in Path(name).parts if p not in ("/", ".."))
    )
    if (flash / target).resolve() != path.resolve():
        (flash / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, flash / target)
    return target
