"""GetDisplayMessages, OCPP 2.0.1 O03, O04: told in NotifyDisplayMessages of a few at a time."""

from ocpp.calls import CallError

_MOST = const(4)  # in one message


def handle(dialect, request):
    station = dialect.station
    if station.on_display is None:
        raise CallError("NotSupported", "there is no display")
    from ocpp.station import display as d

    p = request.payload

    def fits(m):
        return (
            m[d.ID] in p.get("id", (m[d.ID],))
            and m[d.PRIORITY] == p.get("priority", m[d.PRIORITY])
            and m[d.STATE] == p.get("state", m[d.STATE])
        )

    found = station.part("display").matching(fits)
    parts = _parts(station, found)
    for first in parts:
        station.jobs.append(_tell(station, p["requestId"], first, parts))
        return {"status": "Accepted"}
    return {"status": "Unknown", "statusInfo": {"reasonCode": "NotFound"}}


def _parts(station, found):
    from ocpp.v2 import message

    batch = []
    for m in found:
        if len(batch) == _MOST:
            yield {"messageInfo": batch}
            batch = []
        batch.append(message.told(station, m))
    if batch:
        yield {"messageInfo": batch}


def _tell(station, request_id, first, parts):
    from ocpp.v2 import stream

    yield  # the answer comes first

    def all():
        yield first
        yield from parts

    yield from stream.send(station, "NotifyDisplayMessages", {"requestId": request_id}, all())
