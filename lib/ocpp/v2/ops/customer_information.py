"""CustomerInformation, OCPP 2.0.1 N09, N10. What is found follows in NotifyCustomerInformation."""

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
    request.reply({"status": "Accepted"})
    from ocpp.v2 import parts

    station.jobs.append(
        parts.send(
            station, "NotifyCustomerInformation", p["requestId"], "ops.customer_information", text
        )
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


def batch(station, wanted, place):
    """See `parts.send`."""
    place = place or 0
    behind = place + _LONGEST
    yield
    return {"data": wanted[place:behind]}, behind if behind < len(wanted) else None
