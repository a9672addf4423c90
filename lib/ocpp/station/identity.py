"""Identifiers: what is known of one, and whether two are the same."""

ACCEPTED = "Accepted"
INVALID = "Invalid"


class IdInfo:
    """What is known of an identifier."""

    def __init__(self, status, parent=None, expiry=None):
        self.status = status  # "Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"
        self.parent = parent  # identifier of the group, or None
        self.expiry = expiry  # Unix s, or None

    def at(self, unix):
        """The status at a time; `unix` None: the clock is unknown, expiry is not judged."""
        if self.expiry is not None and unix is not None and unix >= self.expiry:
            return "Expired" if self.status == ACCEPTED else self.status
        return self.status


def same(a, b):
    """True if two identifiers are the same (OCPP 1.6 §7.28: CiString20)."""
    return a is not None and b is not None and a.lower() == b.lower()
