"""A tape of what a station did to its flash, and of what the world knew meanwhile.

    tape = Tape(world)              records from now on; `world` has `flash` and `csms`
    tape.stop()
    len(tape)                       block operations
    tape.rewind(world, at, half)    makes a new world what the recorded one was when power went at
                                    operation `at`, from 0: before it, or half-way through

A cut leaves nothing of the station but its flash, and of what the world knew only what came
before: so to try the next one, nobody has to live through all of it again.
"""

_ALWAYS = ("flash", "csms", "world", "end", "clock", "answers", "frames")  # of a world's own


class Tape:
    def __init__(self, world):
        self._world = world
        self._blocks = [bytes(block) for block in world.flash.blocks]
        self._tried = []  # (block, offset, bytes; None: erased)
        self._facts = []  # what the world and its central system knew then
        world.flash.tape = self

    def __len__(self):
        return len(self._tried)

    def note(self, block, offset, data):
        """The flash is about to do that."""
        self._tried.append((block, offset, data))
        self._facts.append((_facts(self._world), _facts(self._world.csms)))

    def stop(self):
        self._world.flash.tape = None

    def rewind(self, world, at, half):
        flash = world.flash
        flash.umount()
        for mine, old in zip(flash.blocks, self._blocks):
            mine[:] = old
        for operation in self._tried[:at]:
            flash.do(*operation)
        if half:
            flash.do(*self._tried[at], half=True)
        for thing, facts in zip((world, world.csms), self._facts[at]):
            for name in facts:
                setattr(thing, name, _copy(facts[name]))
        flash.mount()  # raises if the file system is not readable


def _facts(thing):
    known = thing.__dict__
    return {name: _copy(known[name]) for name in known if name not in _ALWAYS}


def _copy(value):
    """So deep that the original may change: payloads in it never do."""
    if isinstance(value, list):
        return [_copy(v) if isinstance(v, list) else v for v in value]
    if isinstance(value, dict):
        return {key: _copy(v) if isinstance(v, list) else v for key, v in value.items()}
    return set(value) if isinstance(value, set) else value
