"""One-line logs with one level. Never hand a key, a password or a header with one to it."""

import io
import sys

ERROR = const(0)
WARN = const(1)
INFO = const(2)
DEBUG = const(3)
LEVELS = ("error", "warn", "info", "debug")


class _Log:
    def __init__(self):
        self.level = WARN
        self.sink = None  # fn(level, line) instead of standard error
        self.book = None  # fn(level, line) besides, for what is at least INFO

    def set_level(self, name):
        """`name`: one of LEVELS. ValueError for any other."""
        self.level = LEVELS.index(name)

    def error(self, tag, *parts):
        self._write(ERROR, tag, parts)

    def warn(self, tag, *parts):
        self._write(WARN, tag, parts)

    def info(self, tag, *parts):
        self._write(INFO, tag, parts)

    def debug(self, tag, *parts):
        self._write(DEBUG, tag, parts)

    def trace(self, exception):
        """The traceback of a fault of ours, for whoever reports it."""
        try:
            if self.sink is None:
                sys.print_exception(exception, sys.stderr)
            if self.book:
                out = io.StringIO()
                sys.print_exception(exception, out)
                self.book(ERROR, "..." + out.getvalue()[-200:].replace("\n", " "))
        except MemoryError:
            pass  # who handles a fault must not meet another one here

    def _write(self, level, tag, parts):
        if level > self.level and (self.book is None or level > INFO):
            return
        try:
            self._say(level, tag, parts)
        except MemoryError:
            if level == ERROR and self.sink is None:
                print(tag, file=sys.stderr)

    def _say(self, level, tag, parts):
        line = "%s %s: %s" % (LEVELS[level], tag, " ".join([str(p) for p in parts]))
        if self.book and level <= INFO:
            self.book(level, line)
        if level > self.level:
            return
        if self.sink:
            self.sink(level, line)
        else:
            print(line, file=sys.stderr)


log = _Log()
