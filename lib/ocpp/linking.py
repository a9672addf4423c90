"""What a new connection to the central system means, or a dial that failed. Loaded for that."""


def connected(station):
    """There is a new connection."""
    station._seen_epoch = station.connection.epoch
    other = station.route is not None and station.part("network").connected()
    if station.connection.subprotocol != station.dialect.subprotocol:
        _renegotiate(station)
    elif other:
        _register_anew(station)
    elif station.lost is not None and station.dialect.tracks_states:
        _back(station)
    station.lost = None
    if station.settings.get("SecurityProfile"):
        station.part("credentials").connected()
    station.delivery.retry_now()
    station.registration.reconnected()
    station.rpc.wake = True


def _back(station):
    """After a long time without a link all states are told (2.x, B04)."""
    away = station.clock.uptime() - station.lost
    if away > station.settings.get("OCPPCommCtrlr.OfflineThreshold"):
        station.statuses.report_all()


def _renegotiate(station):
    """The server chose another version than the one spoken so far."""
    if station._configure("respeak"):
        _register_anew(station)


def _register_anew(station):
    station.registration.restart()
    station.statuses.report_all()


def failed(station, kind, text, repeated):
    """A dial failed; see `Station.dial_failed`."""
    if station.route:
        station.part("network").failed()
    if kind == "http401":
        station.refused += 1
    if kind == "http401" or station.settings.get("SecurityProfile"):
        station.part("credentials").failed(kind, text, repeated)
