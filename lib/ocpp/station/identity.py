"""Identifiers: what is known of one, and whether two are the same."""

ACCEPTED = "Accepted"
INVALID = "Invalid"
LIST = "locallist"  # file of the local authorization list


class IdInfo:
    """What is known of an identifier."""

    evses = None  # numbers of the connectors it is good for, None: all
    languages = None  # that its user prefers, the best first; None: not known

    def __init__(self, status, parent=None, expiry=None):
        self.status = status  # "Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"
        self.parent = parent  # identifier of the group, or None
        self.expiry = expiry  # Unix s, or None

    def at(self, unix):
        """The status at a time; `unix` None: the clock is unknown, expiry is not judged."""
        if self.expiry is not None and unix is not None and unix >= self.expiry:
            return "Expired" if self.status == ACCEPTED else self.status
        return self.status


def checked(id_token, most=36):
    """The identifier. TypeError if it is no text, ValueError if it has not 1 to `most`
    characters."""
    if not isinstance(id_token, str):
        raise TypeError("an identifier is a text, not %r" % (id_token,))
    if not 1 <= len(id_token) <= most:
        raise ValueError("an identifier has 1 to %d characters, not %d" % (most, len(id_token)))
    return id_token


def same(a, b):
    """True if two identifiers are the same (OCPP 1.6 §7.28: CiString20)."""
    return a is not None and b is not None and a.lower() == b.lower()
