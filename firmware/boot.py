"""What MicroPython runs first on a chip. On RP2 there is no console before its end, so nothing is
done here that can fail: all else is in main.py."""

import gc

import micropython

if hasattr(micropython, "alloc_emergency_exception_buf"):
    micropython.alloc_emergency_exception_buf(100)  # errors in interrupts can be told
gc.threshold(16384)  # collecting early keeps what lives long together
