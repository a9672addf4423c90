"""A report in parts: one message at a time, each made when the one before was answered. A job."""

_LOST = const(" Offline Dropped ")


def send(station, action, head, parts):
    """Send `action` for each dict of the iterator `parts`, `head` being in all of them; `tbc`:
    another one follows. Given up when the link goes."""
    coming = _next(parts)
    while coming:
        payload = dict(head)
        payload.update(coming)
        coming = _next(parts)
        payload["tbc"] = coming is not None
        answers = []
        station.rpc.call(action, payload, lambda result, error, to=answers: to.append(error))
        payload = None
        while not answers:
            yield
        if answers[0] and " %s " % answers[0].code in _LOST:
            return


def _next(parts):
    for part in parts:
        return part
    return None
