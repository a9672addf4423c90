"""Drivers of parts: meters, card readers, foreign controllers, lights and sensors. One file each.

Buses, pins and the clock are handed in; nothing here imports `machine`. What they must offer:

    uart    any() -> bytes waiting, read(n) -> bytes or None, write(bytes) -> n or None
    i2c     readfrom_into(address, buffer), writeto(address, buffer)      OSError if it fails
    spi     write(buffer), readinto(buffer, filler), write_readinto(out, in)
    pin     value() -> 0 or 1, value(x); irq(handler=, trigger=) where a driver says so
    clock   ticks() in ms, diff(a, b), uptime() in s

A driver has `step()`, which never waits: call it in every loop. Its constructor does not talk to
the part, so that a part that is missing is told by `error` (words, or None while all is well),
and does not stop the boot.
"""
