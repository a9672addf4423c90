"""LittleFS images, as the stock MicroPython of a chip reads them."""

from charger_app.build import BuildError
from littlefs import LittleFS, LittleFSError

from . import layout


def make(files, where):
    """An image of `files`, {path: bytes}, with the layout `where`. BuildError: no room."""
    try:
        fs = LittleFS(
            block_size=layout.BLOCK,
            block_count=where.blocks,
            read_size=32,
            prog_size=where.prog,
            cache_size=where.cache,
            lookahead_size=32,
            name_max=layout.NAME_MAX,
            disk_version=layout.DISK_VERSION,
        )
        for path, data in files.items():
            parts = path.strip("/").split("/")
            for depth in range(1, len(parts)):
                fs.makedirs("/" + "/".join(parts[:depth]), exist_ok=True)
            with fs.open(path, "wb") as file:
                file.write(data)
    except LittleFSError as e:
        size = sum(len(data) for data in files.values())
        text = "%d files of %d bytes do not fit into %d (%s)"
        raise BuildError(text % (len(files), size, where.size, e)) from None
    return bytes(fs.context.buffer), fs.used_block_count * layout.BLOCK
