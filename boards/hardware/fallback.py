"""Outputs of contactors that fall back by themselves, should the chip hang with interrupts off.
They are commanded anew at every tick."""

# ruff: noqa: F821 the assembler of `rp2` brings its own names
from hardware.outlet import Switch

_HERTZ = const(6000)  # PIO can't be slower than 1/65536 of the clock
_A_MS = const(2)  # rounds of `_program` a ms
_FULL = const(3)  # words in a FIFO of four: one more must never wait


class Beating(Switch):
    """`beat`, a pin, changes with every tick while the contactor is closed: the driver of the
    contactor lives on these edges (a charge pump)."""

    def __init__(self, pin, active, beat):
        super().__init__(pin, active)
        self._beat = beat
        self._level = 0

    def set(self, on):
        self._level = 1 - self._level if on else 0
        self._beat.value(self._level)
        super().set(on)


class Held(Switch):
    """PIO of an RP2 holds the pin high, for `ms` after the last command. `number`: of the state
    machine."""

    def __init__(self, pin, number, ms):
        import rp2

        super().__init__(pin, 1)
        self._machine = rp2.StateMachine(number, _program(rp2), freq=_HERTZ, sideset_base=pin)
        self._machine.active(1)
        self._rounds = ms * _A_MS

    def set(self, on):
        if self._machine.tx_fifo() < _FULL:
            self._machine.put(self._rounds if on else 0)


def _program(rp2):
    """Low until a number comes; then high for as many rounds, or as the last number that has come
    meanwhile; 0: low at once."""

    @rp2.asm_pio(sideset_init=rp2.PIO.OUT_LOW)
    def program():
        wrap_target()
        label("low")
        pull(block).side(0)
        mov(x, osr).side(0)
        jmp(not_x, "low").side(0)
        label("high")
        pull(noblock).side(1)  # x if there is none
        mov(x, osr).side(1)
        jmp(x_dec, "high").side(1)
        wrap()

    return program
