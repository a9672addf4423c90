"""SetVariables, OCPP 2.0.1 B05: each is on flash before the answer. A job: answered later."""

from ocpp.calls import CallError
from ocpp.v2.variables import find, result

_MOST = const(32)  # variables one message may set


def handle(dialect, request):
    items = request.payload["setVariableData"]
    if len(items) > _MOST:
        raise CallError("OccurrenceConstraintViolation", "at most %d variables" % _MOST)
    dialect.station.jobs.append(_answer(dialect.station.settings, items, request))
    return None


def _answer(settings, items, request):
    answer = []
    for item in items:
        name, unknown = find(settings, item)
        if unknown:
            answer.append(result(item, unknown))
        else:
            status = settings.change(name, item["attributeValue"])
            why = None
            if status == "Rejected":
                why = "ReadOnly" if _is_readonly(settings, name) else "InvalidValue"
            answer.append(result(item, status, why))
        yield
    request.reply({"setVariableResult": answer})


def _is_readonly(settings, wanted):
    found = False
    for name, _, readonly, _ in settings.rows():
        if name == wanted:
            found = readonly
    return found
