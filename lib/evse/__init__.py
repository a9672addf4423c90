"""The charging hardware of one outlet as a state machine (IEC 61851-1), without pins.

    guard = Guard(hal, clock)            # the safety tick: a timer calls guard.tick()
    controller = Controller(hal, clock, guard)
    wire = Wire(connector, controller)   # main loop: wire.step()

`hal` is what the board hands in (`hal.py` is its contract). Only the guard commands the contactor.
docs/evse.md shows states, timings and faults.
"""
