"""What the hardware is doing, in lines for a console: for putting a charger into operation. In
memory only while it is asked for."""


def lines(board):
    """One line after the other. Reads, changes nothing."""
    for evse in board.evses:
        guard = evse.guard
        contactor = "closed" if guard.phases else "open"
        state = getattr(evse.controller, "state", None) or "out of order"
        yield "connector %d: %s, contactor %s" % (evse.id, state, contactor)
        line = getattr(getattr(guard, "hal", None), "line", None)
        if line is not None:
            duty = "cut" if guard.duty is None else "%d.%02d %%" % divmod(guard.duty, 100)
            yield "  pilot %s, peaks %d and %d mV" % (duty, line.high_mv, line.low_mv)
            yield "  at the ADC %d and %d mV" % (line.high_adc, line.low_adc)
        yield "  longest time between two ticks %d ms" % guard.worst_ms
        if evse.meter is not None:
            power = getattr(evse.meter, "power_w", None)
            yield "  meter %s Wh, %s W" % (evse.energy_wh, "?" if power is None else power)
        for error in evse.errors:
            yield "  %s %s: %s" % (error[0], error[3], error[1])
    for name, number, part in board.parts:
        yield "%s %d: %s" % (name.lower(), number, part.error or "well")
