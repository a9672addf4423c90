"""Finds a meter of which nobody knows how its serial interface is set."""

from drivers.modbus import BusError

# (Bd, parity None, 0 even, 1 odd), the likely ones first
_SETTINGS = ((9600, None), (9600, 0), (19200, 0), (19200, None), (2400, None), (4800, None))


def find(bus, uart, table, units=(1, 2, 3)):
    """A generator: try all settings and addresses; -> (Bd, parity, unit) where a meter answers a
    read of `table`, or None. It is set up for that then. Nobody else may use the bus meanwhile."""
    start, count, _ = table["blocks"][0]
    usual = table["serial"]
    for setting in (usual,) + tuple([s for s in _SETTINGS if s != usual]):
        uart.init(baudrate=setting[0], bits=8, parity=setting[1], stop=1)
        bus.configure(setting[0])
        for unit in units:
            try:
                yield from bus.read(unit, table.get("function", 4), start, count)
                return setting[0], setting[1], unit
            except BusError as e:
                if e.kind == "refused":  # it is there, but does not know that function or register
                    return setting[0], setting[1], unit
    return None
