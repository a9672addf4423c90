"""One factor for every limit of a wait in the tests: a machine that is slow or busy takes longer
and does not fail. Who waits for something that comes never waits longer by it.

`PATIENCE` in the environment is another factor. It is not for waits in which nothing is to happen,
nor for times that are themselves what is tested.
"""

import os

FACTOR = float(os.environ.get("PATIENCE", "8"))


def patient(seconds):
    """The limit of a wait that takes at most so many seconds on a quiet machine."""
    return seconds * FACTOR
