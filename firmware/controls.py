"""The part of the control API that asks the station for something. In memory only while one of
these is called."""

import json

from web import abort, answer

from ocpp.iso import to_iso


def settings(api, request):
    return answer(_setting_pieces(api.station().settings))


def _setting_pieces(settings):
    mark = "{"
    for name, text in settings.items():
        yield "%s%s: %s" % (mark, json.dumps(name), json.dumps(text))
        mark = ", "
    yield "}"


def change_settings(api, body):
    settings = api.station().settings
    for name in body:
        if settings.lookup(name) is None:
            abort(400, "unknown setting " + name)
    for name in body:
        try:
            settings.force(name, body[name])
        except (ValueError, OSError) as e:
            abort(400, "%s is %s: %s" % (name, json.dumps(body[name]), e))


def explain(api, evse, request):
    return answer(_explained(api, evse.id))


def explain_all(api, request):
    return answer(_explained(api, 0))


def _explained(api, number):
    """See `standing.explain`; times as text."""
    found = api.station().explain(number)
    coming = found["next"]
    if coming and coming["at"] is not None:
        coming["at"] = to_iso(coming["at"])
    return found


def limit(api, evse, body):
    _limit(api, evse.id, body)


def limit_all(api, body):
    _limit(api, 0, body)


def _limit(api, number, body):
    amperes = body["current_a"]
    current = None if amperes is None else int(amperes * 1000)
    source, critical = body.get("source", "api"), body.get("grid")
    api.station().set_limit(number, current, source, body.get("seconds"), critical)


def present(api, body):
    """A card or another means; while the firmware restarts nobody looks."""
    connector = body.get("connector")
    if connector is not None:
        api.evse(connector)
    if api.runner.app:
        station = api.runner.app.station
        station.present(body["idTag"], connector, body.get("type", "ISO14443"))


def doctor(api, request):
    return answer(api.runner.findings())


def examine(api, body):
    api.station()
    api.runner.examine()


def resend(api, body):
    api.station().resend()


def cache(api, body):
    api.station().auth_cache_put(body)


def clear_cache(api, body):
    api.station().auth_cache_clear()


def local_list(api, body):
    _able(api, "local_list_install")(body["version"], body["entries"])


def security_event(api, body):
    _able(api, "security_event")(body["type"], body.get("info", ""))


def reboot(api, body):
    api.runner.restart(body.get("reason", "PowerUp"), body.get("reason") == "LocalReset")


def _able(api, name):
    act = getattr(api.station(), name, None)
    if act is None:
        raise NotImplementedError("this station can't do that")
    return act
