"""GetDisplayMessages, OCPP 2.0.1 O03, O04: told in NotifyDisplayMessages of a few at a time."""

from ocpp.calls import CallError

_MOST = const(4)  # in one message


def handle(dialect, request):
    station = dialect.station
    if station.on_display is None:
        raise CallError("NotSupported", "there is no display")
    from ocpp.station import display as d
    from ocpp.v2 import parts

    p = request.payload

    def fits(m):
        return (
            m[d.ID] in p.get("id", (m[d.ID],))
            and m[d.PRIORITY] == p.get("priority", m[d.PRIORITY])
            and m[d.STATE] == p.get("state", m[d.STATE])
        )

    found = station.part("display").ids(fits)
    if not found:
        return {"status": "Unknown", "statusInfo": {"reasonCode": "NotFound"}}
    station.jobs.append(
        parts.send(
            station, "NotifyDisplayMessages", p["requestId"], "ops.get_display_messages", found
        )
    )
    return {"status": "Accepted"}


def batch(station, wanted, place):
    """See `parts.send`. What is gone by now, or can't be read, is left out."""
    from ocpp.station.display import ID
    from ocpp.v2 import message

    place = place or 0
    behind = place + _MOST
    some = wanted[place:behind]
    found = []
    for m in station.part("display").matching(lambda m: m[ID] in some):
        found.append(message.told(station, m))
        yield
    return {"messageInfo": found} if found else {}, behind if behind < len(wanted) else None
