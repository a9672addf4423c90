"""PIO of an RP2: programs are assembled and run as the chip does, in simulated time."""

import machine
import simtime


class PIO:
    OUT_LOW, OUT_HIGH = 2, 3


class _Assembler:
    """Takes down what a program calls: [name, arguments, side]."""

    def __init__(self):
        self.code, self.labels, self.target = [], {}, 0

    def names(self):
        found = {name: name for name in "x y osr block noblock not_x x_dec".split()}
        found["wrap_target"] = self.wrap_target
        found["wrap"] = lambda: None
        found["label"] = self.label
        for name in ("pull", "mov", "jmp"):
            found[name] = lambda *args, name=name: self.add(name, args)
        return found

    def wrap_target(self):
        self.target = len(self.code)

    def label(self, name):
        self.labels[name] = len(self.code)

    def add(self, name, args):
        self.code.append([name, args, None])
        return self

    def side(self, level):
        self.code[-1][2] = level


def asm_pio(*, sideset_init):
    def assembled(program):
        maker = _Assembler()
        names = program.__globals__
        kept = names.copy()
        names.clear()
        names.update(maker.names())
        program()
        names.clear()
        names.update(kept)
        return maker, sideset_init

    return assembled


class StateMachine:
    """Has a FIFO of four words; a fifth would have the program wait for ever if the machine stands
    still. `put` and `tx_fifo` may be called by interrupts: they allocate nothing."""

    def __init__(self, number, program, *, freq, sideset_base):
        if machine.chip["family"] != "rp2" or not 0 <= number <= 7:
            raise ValueError("StateMachine doesn't exist")
        if "PIO%d" % number in machine.broken:
            raise ValueError("StateMachine claimed by external resource")
        if not 1908 <= freq <= 125000000:
            raise ValueError("freq out of range")
        self._program, init = program
        self._line = sideset_base._line
        self._line.put(1 if init == PIO.OUT_HIGH else 0)
        self._line.output = True
        self._us = 1000000 // freq
        self._at = self._x = self._osr = 0
        self._fifo = [0, 0, 0, 0]
        self._count = 0
        self._spent = None  # us up to which it has run; None: it is not active
        simtime.every.append(self._run)

    def active(self, on):
        self._spent = simtime.now_us if on else None

    def tx_fifo(self):
        return self._count

    def put(self, word):
        assert self._count < 4, "waits for ever"
        self._fifo[self._count] = word
        self._count += 1

    def _run(self, _ms):
        while self._spent is not None and self._spent < simtime.now_us:
            self._spent = self._spent + self._us if self._step() else simtime.now_us

    def _step(self):
        """One instruction. False: it waits."""
        name, args, side = self._program.code[self._at]
        self._line.put(side)
        following = self._at + 1
        if name == "pull":
            if self._count:
                self._osr = self._fifo[0]
                self._count -= 1
                for i in range(self._count):
                    self._fifo[i] = self._fifo[i + 1]
            elif args == ("noblock",):
                self._osr = self._x
            else:
                return False
        elif name == "mov":
            assert args == ("x", "osr")
            self._x = self._osr
        elif self._jumps(args[0]):
            following = self._program.labels[args[1]]
        last = following == len(self._program.code)
        self._at = self._program.target if last else following
        return True

    def _jumps(self, condition):
        if condition == "not_x":
            return self._x == 0
        assert condition == "x_dec"
        self._x = (self._x - 1) & 0xFFFFFFFF
        return self._x != 0xFFFFFFFF
