"""GetConfiguration.req (OCPP 1.6 §5.8): all keys, or those asked for. A job: answered later."""

from ocpp.calls import CallError

_KEY_MAX = const(50)  # characters
_VALUE_MAX = const(500)
_SLICE = const(6)  # settings looked at in one go


def handle(dialect, request):
    settings = dialect.station.settings
    wanted = request.payload.get("key") or ()
    most = settings.get("GetConfigurationMaxKeys")
    if len(wanted) > most:
        raise CallError("OccurenceConstraintViolation", "at most %d keys" % most)
    dialect.station.jobs.append(request.finished_by(_answer(settings, wanted, request)))
    return None


def _answer(settings, wanted, request):
    unknown = {}  # key in lower case -> as asked
    for key in wanted:
        unknown.setdefault(key.lower(), key)
    found = []
    count = 0
    for name, text, readonly, _ in settings.rows():
        count += 1
        if count % _SLICE == 0:
            yield
        if "." in name:  # a setting of 2.x alone
            continue
        if wanted and unknown.pop(name.lower(), None) is None:
            continue
        found.append(_entry(name, text, readonly))
    answer = {"configurationKey": found}
    if unknown:
        answer["unknownKey"] = [key[:_KEY_MAX] for key in unknown.values()]
    yield
    request.reply(answer)


def _entry(name, text, readonly):
    """A KeyValue; without a value if it may not be read or is not set."""
    entry = {"key": name, "readonly": readonly}
    if text is not None:
        entry["value"] = text[:_VALUE_MAX]
    return entry
