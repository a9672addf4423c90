"""SetVariables, OCPP 2.0.1 B05: each is on flash before the answer. A job: answered later."""

from ocpp.v2.asked import resolve, result
from ocpp.v2.variables import ACCESS


def handle(dialect, request):
    dialect.station.jobs.append(request.finished_by(_answer(dialect.station, request)))
    return None


def _answer(station, request):
    items = request.payload["setVariableData"]
    most = station.settings.get("DeviceDataCtrlr.ItemsPerMessage[SetVariables]")
    found = yield from resolve(station, items, most)
    answer = []
    for n, item in enumerate(items):
        status, why = "Rejected", "TooManyElements"
        if n < most:
            status, d, _, _ = found[n]
            why = None
            if status == "Accepted" and d[ACCESS] == "r":
                status, why = "Rejected", "ReadOnly"
            elif status == "Accepted":
                status = station.settings.change(d[0][4:], item["attributeValue"])
                why = "InvalidValue" if status == "Rejected" else None
                yield
        answer.append(result(item, status, why))
    request.reply({"setVariableResult": answer})
