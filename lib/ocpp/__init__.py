"""ocppy: an OCPP charging station as a library.

    import ocpp
    ocpp.start(config, root, open_link=...)
    while True:
        ocpp.loop()

These functions are a facade over one default `Station`; `ocpp.default()` is that, with everything
else it can do (docs/api.md). Several stations: make `Station` objects. Importing this package
alone loads nothing else, so that `ocpp.rpc` can be used by itself.
"""

_station = None


def Station(config, root, clock=None, **parts):
    """Make a station of its own, see `instance.Station`; several may live in one process, each
    with a `clock` (a `Clock`, None: a new one) and a `root` of its own."""
    from ocpp.clock import Clock
    from ocpp.instance import Station

    return Station(config, root, clock or Clock(), **parts)


def start(config, root, clock=None, **parts):
    """Make the default station and return it; arguments and errors as for `Station`. ValueError if
    there is one already."""
    global _station
    if _station is not None:
        raise ValueError("already started; use ocpp.Station for a second station")
    _station = Station(config, root, clock, **parts)
    return _station


def default():
    """The default station. ValueError before `start`."""
    if _station is None:
        raise ValueError("ocpp.start() comes first")
    return _station


def loop():
    """One step of the default station; never blocks. Call it over and over: at once while
    `default().busy`, else within some 10 ms. ValueError before `start`."""
    if _station is None:
        default()
    _station.loop()


async def run():
    """Run the default station within asyncio until `stop`. ValueError before `start`."""
    import asyncio

    default()
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
    """Connector 1, 2, ... of the default station. ValueError if there is none of that number."""
    return default().connector(number)


def present(id_token, connector=None, type="", extra=None):
    """A card is presented; see `host.Host`."""
    default().present(id_token, connector, type, extra)


def call(action, payload, done=None):
    """Send any operation; see `acts.call`."""
    default().call(action, payload, done)
