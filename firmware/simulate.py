"""The part of the control API that plays with the simulated world; see `boards/sim/README.md`. In
memory only while one of these is called, and not on a board that is no simulation."""

from web import abort


def plug(api, evse, body):
    evse.plug(**body)


def unplug(api, evse, body):
    if not evse.unplug(body.get("side") == "station"):
        abort(409, "the connector is locked")


def ev(api, evse, body):
    evse.set_ev(**body)


def fault(api, evse, body):
    evse.set_fault(**body)


def clear_fault(api, evse, body):
    evse.clear_fault(body.get("code"))


def pilot(api, evse, body):
    evse.set_pilot(body.get("state", evse.pilot), body.get("diode", evse.diode))


def lock(api, evse, body):
    evse.set_jam(body["jam"])


def meter(api, evse, body):
    if "energy_wh" in body:
        evse.register = (int(body["energy_wh"]), 0)
    evse.signed = body.get("signed", evse.signed)


def parking(api, evse, body):
    evse.occupied = body["occupied"]


def network(api, body):
    """The network goes, or comes back."""
    runner = api.runner
    runner.board.world.online = body["online"]
    if runner.app:
        runner.app.station.set_online(body["online"])


def speed(api, body):
    """Time runs so many times faster from now on."""
    runner = api.runner
    runner.board.set_speed(body["speed"])
    if runner.app:
        runner.app.pace()
