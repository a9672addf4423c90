"""All states and transitions of an outlet. docs/evse.md is drawn from these tables.

A row of `TRANSITIONS` is looked through from above; the first event that is the case decides.
Each event is a method of `Controller`, `_is_EVENT()`, whose docstring tells what it means. What
opens the contactor at once is not here but in guard.py: the machine follows, by `opened`.
"""

# state: (pilot, contactor may be closed, plug stays locked),  # what it is
# pilot: "high" +12 V, nothing offered; "pulses" offer; "low" -12 V (F); "cut" to wake a car
STATES = {
    "Empty": ("high", False, False),  # A: no car
    "Connected": ("high", False, False),  # B1, C1: car, nothing offered
    "Checking": ("high", False, True),  # residual current monitor is tested, plug locked
    "Offered": ("pulses", False, True),  # B2, C2: current offered
    "Closing": ("pulses", True, True),  # C2, D2: contactor closes
    "Charging": ("pulses", True, True),  # C2, D2: energy flows
    "Stopping": ("high", True, True),  # C1, D1: offer ended, car stops by itself
    "Switching": ("high", False, True),  # pause before other phases are used
    "Waking": ("cut", False, True),  # pilot off for a moment
    "Faulted": ("high", False, False),  # fault; removing the car is seen
    "Failed": ("low", False, False),  # F: out of order until reset
}

_FAULT = (("fault", "Faulted"),)
_STOP = (("failed", "Failed"),) + _FAULT  # such a fault comes with an open contactor only

TRANSITIONS = {
    "Empty": _STOP + (("car", "Connected"),),
    "Connected": _STOP + (("gone", "Empty"), ("rephase", "Switching"), ("wanted", "Checking")),
    "Checking": _STOP + (("gone", "Empty"), ("unwanted", "Connected"), ("checked", "Offered")),
    "Offered": _STOP
    + (
        ("gone", "Empty"),
        ("unwanted", "Connected"),
        ("rephase", "Switching"),
        ("asks", "Closing"),
        ("sleeps", "Waking"),
    ),
    "Closing": _FAULT + (("opened", "Offered"), ("unwanted", "Stopping"), ("closed", "Charging")),
    "Charging": _FAULT
    + (("opened", "Offered"), ("unwanted", "Stopping"), ("rephase", "Stopping")),
    "Stopping": _FAULT + (("opened", "Connected"), ("overdue", "Connected")),
    "Switching": _STOP + (("gone", "Empty"), ("paused", "Waking")),
    "Waking": _STOP + (("woken", "Connected"),),
    "Faulted": (("failed", "Failed"), ("vacant", "Empty"), ("healthy", "Connected")),
    "Failed": (("repaired", "Faulted"),),
}
