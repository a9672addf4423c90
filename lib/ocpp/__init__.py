"""ocppy: an OCPP charging station as a library.

    import ocpp
    ocpp.start(config, root, open_link=...)
    while True:
        ocpp.loop()

These functions are a facade over one default `Station`; several stations: make `Station` objects.
Importing this package alone loads nothing else, so that `ocpp.rpc` can be used by itself.
"""

_station = None


def Station(config, root, clock=None, **parts):
    """Make a station of its own, see `instance.Station`; several may live in one process."""
    from ocpp.clock import Clock
    from ocpp.instance import Station

    return Station(config, root, clock or Clock(), **parts)


def start(config, root, clock=None, **parts):
    """Make the default station and return it; arguments as for `Station`. ValueError if there is one."""
    global _station
    if _station is not None:
        raise ValueError("already started; use ocpp.Station for a second station")
    _station = Station(config, root, clock, **parts)
    return _station


def station():
    """The default station. ValueError before `start`."""
    if _station is None:
        raise ValueError("ocpp.start() comes first")
    return _station


def loop():
    """One step of the default station; never blocks."""
    _station.loop()


async def run():
    """Run the default station within asyncio until `stop`."""
    import asyncio

    while _station is not None:
        _station.loop()
        await asyncio.sleep_ms(0 if _station is None or _station.busy else 5)


def stop():
    """Close the connection and forget the default station. No transaction is ended by it."""
    global _station
    if _station is not None:
        _station.stop()
        _station = None


def connector(number):
    """Connector 1, 2, ... of the default station."""
    return station().connectors[number - 1]


def present(id_token, connector=None, type=""):
    """A card is presented; see `Station.present`."""
    station().present(id_token, connector, type)


def call(action, payload, done=None):
    """Send any operation; see `Station.call`."""
    station().call(action, payload, done)
