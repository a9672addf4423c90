"""CustomerInformation, OCPP 2.0.1 N09, N10. What is found follows in NotifyCustomerInformation."""

from ocpp.clock import FLOOR
from ocpp.iso import to_iso

_LONGEST = const(512)  # characters of a part


def handle(dialect, request):
    p = request.payload
    known = [k for k in ("idToken", "customerIdentifier", "customerCertificate") if k in p]
    if len(known) != 1 or p.get("customerIdentifier") == "":
        return {"status": "Invalid", "statusInfo": {"reasonCode": "MissingParam"}}
    if not p["report"] and not p["clear"]:
        return {"status": "Rejected", "statusInfo": {"reasonCode": "InvalidValue"}}
    dialect.station.jobs.append(request.finished_by(_answer(dialect.station, request, known[0])))
    return None


def _answer(station, request, kind):
    p = request.payload
    lines = _known(station, kind, p[kind], p["clear"])
    yield
    text = "\n".join(lines) if p["report"] else "cleared"
    head = {"requestId": p["requestId"]}
    request.reply({"status": "Accepted"})
    from ocpp.v2 import stream

    station.jobs.append(
        stream.send(station, "NotifyCustomerInformation", head, _parts(station, text))
    )


def _known(station, kind, value, clear):
    if kind == "idToken":
        from ocpp.station import customer

        lines = customer.by_token(station, value["idToken"], clear)
    else:
        lines = []
    if station.on_customer:
        lines += station.on_customer(kind, value, clear) or []
    return lines


def _parts(station, text):
    unix = station.clock.unix()
    at = to_iso(FLOOR if unix is None else unix)
    for number in range(max(1, (len(text) + _LONGEST - 1) // _LONGEST)):
        data = text[number * _LONGEST : (number + 1) * _LONGEST]
        yield {"data": data, "seqNo": number, "generatedAt": at}
