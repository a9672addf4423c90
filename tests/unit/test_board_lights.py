# heap: 4M
# timeout: 240
# marks: slow
"""Status lights of each board: its own, and a plain LED with blink codes."""

import boardfile
import config
import fake_chip  # noqa: F401 before what it stands in for
import neopixel
from fake_station import Firmware, configured, machine, shipped

from drivers.blink import CODES
from drivers.lights import LOOKS

_DARK = (0, 0, 0)


def colour(part):
    """What the lights of a board show now: (red, green, blue), 0 or more."""
    if part["driver"] == "neopixel":
        return neopixel.chains[part["pin"]][part["first"]]
    shown = []
    for name in ("red", "green", "blue"):
        line = part[name] is not None and machine.pin(part[name])
        shown.append(int(bool(line and line.level == part["active"])))
    return tuple(shown)


def seen(f, part, ms=4000):
    """All colours that the lights have in that time, but dark."""
    found = set()
    for _ in range(ms // 50):
        f.run(50)
        found.add(tuple([int(value > 0) for value in colour(part)]))
    return found - {_DARK}


def expected(state, part):
    red, green, blue = [int(value > 3) for value in LOOKS[state][0]]
    if part["driver"] == "leds" and part["blue"] is None:
        return {(red, max(green, blue), 0)}
    return {(red, green, blue)}


def test_each_board_shows_its_states():
    for board in shipped():
        f = Firmware(board)
        part = f.plan["lights"]
        assert colour(part) != _DARK, board  # booting
        f.until("Available")
        f.run(1000)
        assert seen(f, part) == expected("available", part), board
        f.connection.drop()
        f.run(3000)
        assert seen(f, part) == expected("offline", part), (board, seen(f, part))
        f.board.close()
        assert colour(part) == _DARK, board


def flashes(f, line, active, ms=4000):
    """How often the LED is lit and goes out again in a round; -1: it is lit all the time, but for
    gaps: -1 - so many."""
    levels = []
    for _ in range(ms // 25):
        f.run(25)
        levels.append(line.level == active)
    lit = sum(levels)
    count = len([1 for a, b in zip(levels, levels[1:] + levels[:1]) if b and not a])
    return (-count if lit > len(levels) * 3 // 4 else count), lit


def led_of(board):
    """A pin for a plain LED: that of the board, if it has one, or one that nobody uses."""
    for name in boardfile.board(board)["pins"]:
        for active in (0, 1):
            try:
                configured(board, lights={"driver": "led", "pin": name, "active": active})
                return name, active
            except config.ConfigError:
                pass  # the next one
    raise AssertionError("no pin of %s can have a LED" % board)


def test_a_plain_led_on_each_board():
    for board in shipped():
        name, active = led_of(board)
        f = Firmware(board, {"lights": {"driver": "led", "pin": name, "active": active}})
        line = machine.pin(int(name[4:]))
        assert line.output and line.level == active, board  # booting
        f.until("Available")
        f.run(300)
        assert flashes(f, line, active)[0] == 1, board
        f.connection.drop()
        f.run(500)
        assert flashes(f, line, active)[0] == 2, board
        f.board.close()
        assert line.level != active


def test_a_plain_led_through_a_session():
    lights = {"driver": "led", "pin": "GPIO13"}
    f = Firmware("pico_w", {"lights": lights}, emergency={"pin": "GPIO22"})
    line = machine.pin(13)
    f.run(2500)
    f.outlet.plug("C", 10)
    f.run(700)
    assert flashes(f, line, 1)[0] == 3  # preparing
    f.card()
    f.until("Charging")
    f.run(500)
    count, lit = flashes(f, line, 1)
    assert count == -1 and lit > 140
    f.outlet.pressed = True
    f.until("Faulted")
    f.run(500)
    count, lit = flashes(f, line, 1)
    assert 14 <= count <= 16 and 60 < lit < 100


def test_the_codes_can_be_told_apart():
    assert len(set(CODES.values())) == len(CODES)
    assert set(CODES) <= set(LOOKS)
    assert 3 not in CODES.values()
