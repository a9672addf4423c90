"""GetVariables, OCPP 2.0.1 B06. A job: answered later."""

from ocpp.v2.asked import resolve, result
from ocpp.v2.variables import ACCESS


def handle(dialect, request):
    dialect.station.jobs.append(request.finished_by(_answer(dialect.station, request)))
    return None


def _answer(station, request):
    items = request.payload["getVariableData"]
    most = station.settings.get("DeviceDataCtrlr.ItemsPerMessage[GetVariables]")
    found = yield from resolve(station, items, most)
    answer = []
    for n, item in enumerate(items):
        if n >= most:  # B06.FR.05
            answer.append(result(item, "Rejected", "TooManyElements"))
            continue
        status, d, text, _ = found[n]
        if status == "Accepted" and d[ACCESS] == "w":
            answer.append(result(item, "Rejected", "WriteOnly"))
            continue
        answer.append(result(item, status))
        if status == "Accepted":
            answer[-1]["attributeValue"] = text or ""
    request.reply({"getVariableResult": answer})
