"""GetVariables, OCPP 2.0.1 B06. A job: answered later."""

from ocpp.calls import CallError
from ocpp.v2.variables import find, result

_MOST = const(32)  # variables one message may ask for
_SLICE = const(6)  # settings looked at in one go


def handle(dialect, request):
    items = request.payload["getVariableData"]
    if len(items) > _MOST:
        raise CallError("OccurrenceConstraintViolation", "at most %d variables" % _MOST)
    dialect.station.jobs.append(_answer(dialect.station.settings, items, request))
    return None


def _answer(settings, items, request):
    found = []
    for item in items:
        found.append(find(settings, item))
        yield
    wanted = [name for name, _ in found if name]
    values = {}  # name -> (text or None, write-only)
    for n, (name, text, _, hidden) in enumerate(settings.rows()):
        if name in wanted:
            values[name] = (text, hidden)
        if n % _SLICE == 0:
            yield
    answer = []
    for item, (name, unknown) in zip(items, found):
        if unknown:
            answer.append(result(item, unknown))
        elif values[name][1]:
            answer.append(result(item, "Rejected", "WriteOnly"))
        else:
            answer.append(result(item, "Accepted"))
            answer[-1]["attributeValue"] = values[name][0] or ""
    request.reply({"getVariableResult": answer})
