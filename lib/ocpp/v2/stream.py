"""A report in parts: one message at a time, each made when the one before was answered. A job."""

_WAIT_MS = const(60000)  # for a way out and the answer; not beyond this connection


def send(station, action, head, parts):
    """Send `action` for each dict of the iterator `parts`, `head` being in all of them; `tbc`:
    another one follows. Without an answer the rest is given up."""
    coming = _next(parts)
    while coming:
        payload = dict(head)
        payload.update(coming)
        coming = _next(parts)
        payload["tbc"] = coming is not None
        answers = []

        def done(result, error, to=answers):
            to.append(error)

        station.rpc.call(action, payload, done, timeout_ms=_WAIT_MS)
        payload = None
        while not answers:
            yield
        if answers[0] and answers[0].local:
            return


def _next(parts):
    for part in parts:
        return part
    return None
