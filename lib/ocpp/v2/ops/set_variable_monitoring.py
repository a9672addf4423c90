"""SetVariableMonitoring, OCPP 2.0.1 N04. A job: answered later."""

from ocpp.v2.asked import resolve

_NUMBERS = const(" int decimal ")


def handle(dialect, request):
    dialect.station.jobs.append(request.finished_by(_answer(dialect.station, request)))
    return None


def _answer(station, request):
    items = request.payload["setMonitoringData"]
    most = station.settings.get("MonitoringCtrlr.ItemsPerMessage[SetVariableMonitoring]")
    found = yield from resolve(station, items, most)
    answer = []
    for n, item in enumerate(items):
        out = {"status": "Rejected", "statusInfo": {"reasonCode": "TooManyElements"}}
        if n < most:
            out = _set(station, item, *found[n])
        for name in ("type", "severity", "component", "variable"):
            out[name] = item[name]
        answer.append(out)
        yield
    request.reply({"setMonitoringResult": answer})


def _set(station, item, status, d, text, row):
    """The result for one monitor."""
    if status != "Accepted":
        return {"status": status}
    kind = item["type"]
    if "watch" not in d[7] or ("Threshold" in kind and " %s " % d[2] not in _NUMBERS):
        return {"status": "UnsupportedMonitorType"}
    wrong = _wrong(item, d)
    if wrong:
        return {"status": "Rejected", "statusInfo": {"reasonCode": wrong}}
    component, variable = row
    monitor = [component, variable, d[0], kind, item["value"], item["severity"]]
    monitor.append(bool(item.get("transaction", False)))
    id = station.part("monitors").put(monitor, item.get("id"))
    if isinstance(id, str):
        return {"status": id}
    return {"status": "Accepted", "id": id}


def _wrong(item, d):
    """Why a value or severity can't be, as a reason code; None."""
    value = item["value"]
    if not 0 <= item["severity"] <= 9:
        return "ValueOutOfRange"
    if "Threshold" not in item["type"]:
        return None if value > 0 else "ValuePositiveOnly"
    least, _, most = d[5].partition("..")
    if (least and value < float(least)) or (most and value > float(most)):
        return "ValueOutOfRange"
    return None
