"""Logs: who tells of a fault meets no other one."""

from ocpp.log import log


def _full(_level, _line):
    raise MemoryError


def test_want_of_memory():
    sink, book = log.sink, log.book
    log.sink = log.book = _full
    try:
        log.error("part", "failed:", 1)
        log.warn("part", "has lost:", 1)
        log.trace(ValueError("f"))
    finally:
        log.sink, log.book = sink, book
    lines = []
    log.sink = lambda level, line: lines.append(line)
    try:
        log.error("part", "failed:", 1)
    finally:
        log.sink = sink
    assert lines == ["error part: failed: 1"]
