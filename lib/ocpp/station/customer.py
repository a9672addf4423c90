"""What the station knows of a customer, told or forgotten. Loaded for that.

The authorization cache and reservations can be forgotten; the local list is the central system's
(N10.FR.02), and what is in the transaction log has to be billed.
"""


def by_token(station, id_token, clear):
    """Lines of text about an identifier; empty: nothing is known."""
    lines = []
    cache = station.authorization.cache
    found = cache.get(id_token)
    if found:
        lines.append("authorization cache: " + _told(found))
        if clear:
            cache.remove(id_token)
    found = station.part("local_list").find(id_token)
    if found:
        lines.append("local list: " + _told(found))
    for c in station.connectors:
        if c.tx and c.tx.id_token and c.tx.id_token.lower() == id_token.lower():
            lines.append("transaction %s on EVSE %d" % (c.tx.id, c.id))
    return lines


def _told(info):
    text = info.status
    if info.parent:
        text += ", group " + info.parent
    if info.expiry:
        from ocpp.iso import to_iso

        text += ", until " + to_iso(info.expiry)
    return text
