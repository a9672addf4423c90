"""Where the stock MicroPython of a chip has its file system, and how it is written.

Read in MicroPython's sources (1.22 to 1.29). ESP32 (`partitions-4MiBplus.csv` and the tables
before it): from 0x200000 to the end of the flash. RP2 (`mpconfigboard.cmake`): the last
MICROPY_HW_FLASH_STORAGE_BYTES of the flash. LittleFS (`extmod/vfs_lfsx.c`, `_boot.py`): blocks of
4096 B, cache of four programs or reads, lookahead of 32 B, names of up to 255 B. The on-disk
version is 2.0: each of them reads it, those before 1.22 no later one.
"""

from charger_app.build import BuildError

BLOCK = 4096
NAME_MAX = 255
DISK_VERSION = 0x00020000
_MB = 1024 * 1024
_ESP32_START = 0x200000
_RP2_STORAGE = {"rp2040": 848 * 1024, "rp2350": 2560 * 1024}  # RPI_PICO_W, RPI_PICO2_W
_XIP = 0x10000000  # where RP2 has its flash in memory
_FAMILY = {"rp2040": 0xE48BFF56, "rp2350": 0xE48BFF57}  # of UF2: RP2040, RP2xxx absolute


class Layout:
    """`start`, `size`: of the file system in the flash, bytes; `prog`: bytes programmed at least;
    `uf2`: (address, family) for boards that take UF2 files, else None."""

    def __init__(self, start, size, prog, uf2=None):
        self.start = start
        self.size = size
        self.prog = prog
        self.uf2 = uf2

    @property
    def blocks(self):
        return self.size // BLOCK

    @property
    def cache(self):
        return min(BLOCK, 4 * max(32, self.prog))


def of(facts, storage=None):
    """The layout of a board. `facts`: as of `build.facts`; `storage`: bytes of the file system,
    for an RP2 build other than the stock one. BuildError: the board has no flash."""
    chip = facts["chip"]
    if not chip:
        words = "board %s is the simulator, which has no flash: see tools/charger"
        raise BuildError(words % facts["name"])
    flash = facts["flash_mb"] * _MB
    if chip["family"] == "esp32":
        if storage:
            raise BuildError("--storage is for RP2 boards; an ESP32 has what its table tells")
        return Layout(_ESP32_START, flash - _ESP32_START, 32)
    size = storage or _RP2_STORAGE[chip["name"]]
    if size % BLOCK or not 0 < size < flash:
        raise BuildError("storage %d; accepted: a multiple of %d, up to the flash" % (size, BLOCK))
    start = flash - size
    return Layout(start, size, 256, (_XIP + start, _FAMILY[chip["name"]]))
