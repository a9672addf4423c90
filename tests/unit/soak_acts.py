"""What happens to the station of `soak.py`: `act(world)` does one thing at random."""

from soak_csms import BAD, GOOD

_CREDIT_MS = const(200000)  # how long a card that was presented may wait for its transaction
_FAULTS = ("GroundFailure", "OverCurrentFailure", "EmergencyStop", "HighTemperature")
_CHANGES = (
    ("MeterValueSampleInterval", ("0", "30", "60", "300")),
    ("ClockAlignedDataInterval", ("0", "900", "3600")),
    ("ConnectionTimeOut", ("30", "60")),
    ("TransactionMessageRetryInterval", ("0", "10", "60")),
    ("StopTransactionOnEVSideDisconnect", ("true", "true", "false")),
    ("StopTransactionOnInvalidId", ("true", "true", "false")),
    ("UnlockConnectorOnEVSideDisconnect", ("true", "true", "false")),
    ("MinimumStatusDuration", ("0", "5")),
    ("AuthorizeRemoteTxRequests", ("true", "false")),
)


def act(world):
    """Do one thing at random, by weight."""
    _expire(world)
    number = world.dice.below(_TOTAL)
    for weight, fn in _ACTS:
        number -= weight
        if number < 0:
            world.count(fn.__name__)
            world.tell("--", fn.__name__)
            return fn(world)


def _expire(world):
    """A card presented long ago begins nothing any more, unless its grant still waits."""
    waiting = [c.grant.id_token for c in world.life.station.connectors if c.grant]
    world.credits = [c for c in world.credits if world.ms - c[0] < _CREDIT_MS or c[1] in waiting]


def soothe(world):
    """Nothing is wrong any more; all cars leave."""
    csms = world.csms
    csms.bad = csms.delay = 0
    world.network = True
    if not world.life.connection.online:
        world.hang_up()
    for socket in world.sockets:
        socket.set_meter("ok", world.ms)
        clear_faults(world, socket)
        unplug(world, socket)


# -- users --


def _socket(world):
    return world.dice.pick(world.sockets)


def _connector(world, socket):
    return world.life.station.connectors[socket.number - 1]


def _set_car(world, socket, car, ready):
    c = _connector(world, socket)
    socket.car = c.plugged = car
    socket.ready = c.ev_ready = ready
    world.tell("   car", socket.number, car, ready)
    world.news()


def plug(world, socket=None):
    _set_car(world, socket or _socket(world), True, True)


def unplug(world, socket=None):
    _set_car(world, socket or _socket(world), False, False)


def ev(world):
    """The car asks for energy, or does not any more."""
    socket = _socket(world)
    if socket.car:
        _set_car(world, socket, True, not socket.ready)


def present(world, tag, number=None):
    world.tell("   card", tag, number)
    world.credit(tag, number)
    world.life.station.present(tag, number)


def card(world):
    tag = world.dice.pick(GOOD + BAD)
    present(world, tag, world.dice.pick((None, 1, 2)))


def session(world):
    """Somebody who may charges."""
    socket = _socket(world)
    tag = world.dice.pick(GOOD)
    if world.dice.chance(50):
        plug(world, socket)
        world.soon(world.dice.between(500, 20000), lambda: present(world, tag, socket.number))
    else:
        present(world, tag, socket.number)
        world.soon(world.dice.between(500, 20000), lambda: plug(world, socket))


def stop(world):
    """Who charges ends it with the card."""
    socket = _socket(world)
    tag = _connector(world, socket).authorized
    if tag:
        present(world, tag, socket.number)


# -- the central system's wishes --


def remote_start(world):
    tag = world.dice.pick(GOOD + GOOD + BAD)
    payload = {"idTag": tag}
    number = world.dice.pick((None, 1, 2))
    if number:
        payload["connectorId"] = number
    world.credit(tag, number)
    world.csms.call("RemoteStartTransaction", payload)


def remote_stop(world):
    tx = _connector(world, _socket(world)).tx
    if tx and tx.id is not None:
        world.csms.call("RemoteStopTransaction", {"transactionId": tx.id})


def unlock(world):
    number = _socket(world).number
    world.csms.call("UnlockConnector", {"connectorId": number})


def availability(world):
    number = world.dice.below(3)
    operative = world.dice.chance(60)
    things = [world, world.sockets[0], world.sockets[1]] if number == 0 else []
    things = things or [world.sockets[number - 1]]
    for thing in things:
        thing.operative = None

    def told(result):
        if isinstance(result, dict) and result["status"] in ("Accepted", "Scheduled"):
            for thing in things:
                thing.operative = operative

    kind = "Operative" if operative else "Inoperative"
    world.csms.call("ChangeAvailability", {"connectorId": number, "type": kind}, told)
    if not operative:
        world.soon(world.dice.between(60000, 3600000), lambda: _operative(world))


def _operative(world):
    for thing in [world] + world.sockets:
        thing.operative = None
    for number in (0, 1, 2):
        world.csms.call("ChangeAvailability", {"connectorId": number, "type": "Operative"})


def change(world):
    key, values = world.dice.pick(_CHANGES)
    world.csms.call("ChangeConfiguration", {"key": key, "value": world.dice.pick(values)})


def ask(world):
    action, payload = world.dice.pick(
        (("ClearCache", {}), ("GetConfiguration", {}), ("DataTransfer", {"vendorId": "x"}))
    )
    world.csms.call(action, payload)


def reset(world):
    world.csms.call("Reset", {"type": world.dice.pick(("Soft", "Hard"))})


# -- the hardware --


def fault(world):
    socket = _socket(world)
    code = world.dice.pick(_FAULTS)
    socket.faults.add(code)
    _connector(world, socket).set_error(code)
    world.soon(world.dice.between(1000, 300000), lambda: clear_faults(world, socket))


def clear_faults(world, socket):
    for code in socket.faults:
        _connector(world, socket).clear_error(code)
    socket.faults.clear()


def meter(world):
    """The meter falls silent for a while."""
    socket = _socket(world)
    socket.set_meter(world.dice.pick(("silent", "broken")), world.ms)
    world.soon(world.dice.between(1000, 600000), lambda: socket.set_meter("ok", world.ms))


def other_meter(world):
    _socket(world).set_back()


# -- the network and the central system --


def link(world):
    """No network for a while."""
    world.network = False
    world.hang_up()

    def back():
        world.network = True

    world.soon(world.dice.between(*world.dice.pick(((500, 60000), (1000, 7200000)))), back)


def half_open(world):
    """Messages vanish until somebody notices."""
    connection = world.life.connection
    if not connection.connected or not connection.online:
        return
    world.swallowed = True
    world.unheard()
    connection.online = False

    def noticed():
        if world.life.connection is connection and not connection.online:
            world.hang_up()

    world.soon(world.dice.between(1000, world.dice.pick((60000, 60000, 400000))), noticed)


def slow(world):
    world.csms.delay = world.dice.pick((0, 0, 300, 2500))


def mood(world):
    """The central system behaves badly for a while."""
    world.csms.bad = world.dice.pick((5, 20, 60, 100))

    def better():
        world.csms.bad = world.dice.pick((0, 0, 5))

    world.soon(world.dice.between(60000, world.dice.pick((600000, 7200000))), better)


def ids(world):
    world.csms.ids = world.dice.pick(("count", "count", "twice", "zero", "minus", "max", "one"))


def csms_restart(world):
    world.csms.restart()
    link(world)


def skew(world):
    """The central system's clock is set."""
    if world.skews:
        world.csms.skew = world.dice.between(-300, 300)
        world.skew_s = 300


# -- power --


def watchdog(world):
    world.power_fails(world.dice.pick(("Watchdog", "LocalReset")))
    world.boot()


def power_cut(world):
    world.arm()


_ACTS = (
    (10, plug),
    (8, unplug),
    (8, ev),
    (10, card),
    (24, session),
    (8, stop),
    (6, remote_start),
    (4, remote_stop),
    (2, unlock),
    (2, availability),
    (3, change),
    (2, ask),
    (2, reset),
    (3, fault),
    (2, meter),
    (1, other_meter),
    (5, link),
    (3, half_open),
    (2, slow),
    (5, mood),
    (2, ids),
    (2, csms_restart),
    (2, skew),
    (2, watchdog),
    (7, power_cut),
)
_TOTAL = sum([weight for weight, _ in _ACTS])
