# heap: 4M
# timeout: 120
"""Contactors whose output falls back by itself when the chip hangs with interrupts off."""

import config
from fake_station import Firmware, charging, configured, machine, simtime


def opens_after(f):
    """The chip hangs, with interrupts off; -> ms until the contactor was open."""
    del simtime.timers[:]
    begin = simtime.now_us
    while f.outlet.closed:
        simtime.advance(1)
        assert simtime.now_us - begin < 10000000, "closed for ever"
    return (simtime.now_us - begin) // 1000


def held(**more):
    return dict({"pin": "GPIO15", "hold_ms": 500}, **more)


def test_a_plain_pin_stays_closed_until_the_watchdog():
    f = charging("pico_w")
    machine.WDT(timeout=8000)
    del simtime.timers[:]
    try:
        for _ in range(8200):
            simtime.advance(1)
        raise AssertionError("the watchdog sleeps")
    except machine.Restarted:
        pass
    assert not f.outlet.closed  # its pin floats, and the pull-down opens


def test_pio_holds_while_the_tick_lives():
    f = charging("pico_w", contactor=held())
    f.run(20000)
    line = machine.pin(15)
    levels = [level for _, level in line.history if _ > simtime.now_us - 20000000]
    assert f.outlet.closed and 0 not in levels[1:], "it fell back in between"
    took = opens_after(f)
    assert 480 <= took <= 505, took


def test_pio_opens_at_once_when_told():
    f = charging("pico_w", contactor=held())
    begin = simtime.now_us
    f.outlet.unplug()
    while f.outlet.closed:
        simtime.advance(1)
    assert simtime.now_us - begin <= 45000, simtime.now_us - begin
    f.run(5000)
    after = [level for us, level in machine.pin(15).history if us > begin]
    assert after == [0], after  # and it never twitches
    f.board.close()
    simtime.advance(5)
    assert not f.outlet.closed


def test_two_contactors_on_pio():
    f = charging("pico_w", contactor=held(second="GPIO14"))
    second = machine.pin(14)
    assert f.outlet.closed and second.high
    opens_after(f)
    assert not second.high


def test_no_state_machine_is_left():
    def attach(f):
        machine.broken.add("PIO0")

    f = Firmware("pico_w", attach=attach, contactor=held())
    f.run(3000)
    assert f.connector.status == "Faulted"
    errors = f.board.evses[0].errors
    assert errors[0][3] == "Hardware" and "claimed" in errors[0][1], errors
    assert not machine.pin(15).high


def test_a_beat_for_a_charge_pump():
    f = charging("esp32_devkitc", contactor={"pin": "GPIO26", "beat": "GPIO4"})
    f.run(20000)
    assert f.outlet.closed
    edges = machine.pin(4).history[-20:]
    assert max([b[0] - a[0] for a, b in zip(edges, edges[1:])]) <= 20000
    took = opens_after(f)
    assert took <= 300, took
    assert machine.pin(26).high  # the pin itself is left where it was


def test_the_beat_rests_while_the_contactor_is_open():
    f = charging("esp32_devkitc", contactor={"pin": "GPIO26", "beat": "GPIO4"})
    f.outlet.unplug()
    f.run(3000)
    assert not f.outlet.closed and not machine.pin(26).high and not machine.pin(4).high
    history = machine.pin(4).history
    f.run(1000)
    assert machine.pin(4).history == history


def test_beside_a_foreign_controller_the_tick_renews():
    """A main loop that pauses for a second does not open what the tick keeps closed."""
    f = Firmware(
        "pico_w",
        pilot=None,
        meter=None,
        contactor=held(),
        foreign={"driver": "openevse", "uart": 1},
    )
    relay = f.board.evses[0].relay
    relay.phases = 1
    relay.step = lambda: None
    relay._fed = relay._clock.ticks()
    simtime.advance(1500)
    assert f.outlet.closed
    simtime.advance(600)
    assert not f.outlet.closed  # that was a stall


def refused(board, **contactor):
    try:
        configured(board, connectors=[{"contactor": contactor}])
        raise AssertionError("taken")
    except config.ConfigError as e:
        return str(e)


def test_what_can_not_be():
    assert "only an RP2" in refused("esp32_devkitc", hold_ms=500)
    assert "active or" in refused("pico_w", hold_ms=500, active=0)
    assert "beside beat" in refused("pico_w", hold_ms=500, beat="GPIO13")
    assert "from 100 to 5000" in refused("pico_w", hold_ms=50)
    third = [
        {"load": {}, "pilot": None, "meter": None, "contactor": {"pin": "GPIO%d" % n}}
        for n in (13, 14, 15)
    ]
    third[2]["contactor"]["hold_ms"] = 500
    try:
        configured("pico_w", connectors=third)
        raise AssertionError("taken")
    except config.ConfigError as e:
        assert "third connector" in str(e), e
