"""What the web console shows beside the status: made piece by piece while it is sent, so that no
list is ever in memory as a whole. In memory only while it is asked for."""

import gc
import json
import os

from web import answer, number

_LIMIT = const(100000)  # items


def listed(request, name, items):
    """The answer `{name: [item, ...]}` for an iterator of values, in pieces. `?after=K&limit=N`:
    without the first K, at most N of them."""
    after = number(request, "after", 0)
    return answer(_pieces(name, items, after, number(request, "limit", _LIMIT)))


def _pieces(name, items, after, limit):
    yield '{"%s": [' % name
    mark = ""
    for item in items:
        if after:
            after -= 1
            continue
        if not limit:
            break
        limit -= 1
        yield mark + json.dumps(item)
        mark = ", "
    yield "]}"


def console(api, request):
    """What does not change from second to second: who it is, what it runs on, since when."""
    runner = api.runner
    config = runner.config
    app = runner.app
    found = {
        "id": config["ocpp"]["id"],
        "url": _shown(config["ocpp"]["url"]),
        "charge_point": config["charge_point"],
        "board": config["board"],
        "simulated": api.world is not None,
        "connectors": len(runner.board.evses),
        "connector_lock": config["connector_lock"],
        "process": runner.process,
        "boot_reason": app.station.boot_reason if app else None,
        "security_profile": app.station.settings.get("SecurityProfile") if app else None,
        "flash": _flash(runner),
        "rssi_dbm": _asked(runner.board, "rssi"),
        "listeners": api.listeners,
    }
    gc.collect()
    found["heap"] = {"free": gc.mem_free(), "used": gc.mem_alloc()}
    if api.door:
        found["heap"]["idle"] = api.door.idle_heap  # without anybody who looks
    return answer(found)


def _flash(runner):
    """Room, and what was written since the start of the firmware. `erased`: blocks, where the
    board counts them."""
    try:
        stat = os.statvfs(runner.folder)
        size, free = stat[1] * stat[2], stat[1] * stat[3]
    except (OSError, AttributeError):
        size = free = None
    found = {"size": size, "free": free, "erased": _asked(runner.board, "erased")}
    if runner.app:
        station = runner.app.station
        found["files"] = station.store.writes
        found["records"] = station.log.writes
        found["dropped"] = station.log.dropped
        found["full"] = bool(station.log.full or station.store.full)
    return found


def _asked(board, name):
    fn = getattr(board, name, None)
    return fn() if fn else None


def _shown(url):
    """A URL without user and password."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return "%s://%s%s%s" % (scheme, host.rpartition("@")[2], slash, path)


def history(api, request):
    """Power and limit of the last hour, see `history.py`."""
    return answer(api.runner.history().pieces(api.runner.time()))


def settings(api, request):
    return listed(request, "settings", _show().settings(api.station()))


def local_list(api, request):
    station = api.station()
    return listed(request, "entries", _show().local_list(station))


def auth_cache(api, request):
    return listed(request, "entries", _show().cache(api.station()))


def reservations(api, request):
    return listed(request, "reservations", _show().reservations(api.station()))


def profiles(api, request):
    return listed(request, "profiles", _show().profiles(api.station()))


def certificates(api, request):
    return listed(request, "certificates", _show().certificates(api.station()))


def transactions(api, request):
    return listed(request, "records", _show().transactions(api.station()))


def parked(api, request):
    station = api.station()
    return listed(request, "parked", station.parked() if station.log.parked() else ())


def _show():
    """The module of the running station: it is loaded anew when the firmware restarts."""
    from ocpp.station import show

    return show
