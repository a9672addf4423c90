"""GetConfiguration.req (OCPP 1.6 §5.8): all keys, or those asked for. A job: answered later, by
text that is made key by key: as objects the answer takes several times the memory."""

import io
import json

from ocpp.calls import CallError

_KEY_MAX = const(50)  # characters
_VALUE_MAX = const(500)
_SLICE = const(3)  # settings looked at in one go


def handle(dialect, request):
    settings = dialect.station.settings
    wanted = request.payload.get("key") or ()
    most = settings.get("GetConfigurationMaxKeys")
    if len(wanted) > most:
        raise CallError("OccurenceConstraintViolation", "at most %d keys" % most)
    station = dialect.station
    station.jobs.append(request.finished_by(_answer(station, wanted, request)))
    return None


def _answer(station, wanted, request):
    yield from station.tidying()  # what led here is not needed any more
    unknown = {}  # key in lower case -> as asked
    for key in wanted:
        unknown.setdefault(key.lower(), key)
    out = io.StringIO()
    out.write('{"configurationKey":[')
    count = 0
    comma = ""
    for name, text, readonly, _ in station.settings.rows():
        count += 1
        if count % _SLICE == 0:
            yield
        if "." in name:  # a setting of 2.x alone
            continue
        if wanted and unknown.pop(name.lower(), None) is None:
            continue
        out.write(comma)
        comma = ","
        _write(out, _entry(name, text, readonly))
    out.write("]")
    if unknown:
        out.write(',"unknownKey":')
        _write(out, [key[:_KEY_MAX] for key in unknown.values()])
    out.write("}")
    yield
    text = out.getvalue()
    out.close()
    if hasattr(request, "reply_text"):
        request.reply_text(text)
    else:  # of a host's own RPC
        request.reply(json.loads(text))


def _write(out, value):
    json.dump(value, out, separators=(",", ":"))


def _entry(name, text, readonly):
    """A KeyValue; without a value if it may not be read or is not set."""
    entry = {"key": name, "readonly": readonly}
    if text is not None:
        entry["value"] = text[:_VALUE_MAX]
    return entry
