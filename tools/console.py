"""Makes the files of the web console out of `firmware/www/`: {name: compressed bytes}.

The scripts are joined into one, so that the charger has few requests to answer. Run by itself it
prints the sizes; more than 60 kB in all is an error.
"""

import gzip
import sys
import zlib
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "firmware" / "www"
MOST = 60000  # bytes in all


def sources():
    """{name on the charger: files it is made of}"""
    scripts = sorted(PAGE.glob("*.js"), key=lambda path: (path.name == "main.js", path.name))
    return {
        "console.html": [PAGE / "console.html"],
        "console.css": [PAGE / "console.css"],
        "console.svg": [PAGE / "console.svg"],
        "console.js": scripts,
    }


def files():
    """{name on the charger: bytes}"""
    return {name + ".gz": compressed(paths) for name, paths in sources().items()}


def compressed(paths):
    """The same bytes for the same text, whenever it is made: as its time the head tells its
    checksum, which serves as the tag by which browsers know it again."""
    data = b"".join(path.read_bytes() for path in paths)
    return gzip.compress(data, 9, mtime=zlib.crc32(data))


def main():
    total = 0
    for name, data in files().items():
        total += len(data)
        print("%-20s %6d" % (name, len(data)))
    print("%-20s %6d of at most %d" % ("", total, MOST))
    return total > MOST


if __name__ == "__main__":
    sys.exit(main())
