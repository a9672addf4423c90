"""Why a link failed."""


class Failure(Exception):
    """A dial or a link failed. `kind`: one of the words a link's `failure` can hold; `str()`: the
    cause."""

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind
