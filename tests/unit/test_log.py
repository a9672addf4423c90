"""Logs: who tells of a fault meets no other one."""

import micropython
from ocpp.log import log


def test_want_of_memory():
    lines = []
    sink, book = log.sink, log.book
    log.sink = log.book = lambda level, line: lines.append(line)
    fault = ValueError("f")
    tag = "part"
    micropython.heap_lock()
    try:
        log.error(tag, "failed:", 1.5)
        log.trace(fault)
    finally:
        micropython.heap_unlock()
    try:
        log.error(tag, "failed:", 1.5)
    finally:
        log.sink, log.book = sink, book
    assert lines == ["error part: failed: 1.5"] * 2  # by book and sink, once there is memory
