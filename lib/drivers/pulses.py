"""A counter of pulses on a pin, for chips that have none in hardware.

Where there is one (`machine.Counter` on ESP32) it is to be preferred: it counts whatever the
processor does, while interrupts of a pin may come late or be lost when the chip is busy. Both have
`value()`: pulses since the start, an int.
"""


class PinCounter:
    """`edge`: `Pin.IRQ_FALLING` or its like. `gap_ms`: pulses closer than that are bounces (the
    shortest honest one: 22 kW at 1000 a kWh are 163 ms apart). `hard`: True where the port has
    hard interrupts (RP2040): then none is lost while Python is busy."""

    def __init__(self, pin, clock, edge, *, gap_ms=15, hard=None):
        self._ticks = clock.ticks
        self._diff = clock.diff
        self._gap_ms = gap_ms
        self._last = clock.ticks() - gap_ms
        self._count = 0
        if hard is None:
            pin.irq(handler=self._pulse, trigger=edge)
        else:
            pin.irq(handler=self._pulse, trigger=edge, hard=hard)

    def value(self):
        return self._count

    def _pulse(self, _pin):  # may be a hard interrupt: allocates nothing
        if self._gap_ms:
            now = self._ticks()
            if self._diff(now, self._last) < self._gap_ms:
                return
            self._last = now
        self._count += 1
