"""Schneider iEM3x55: floats, function 3, power in kW; the registers of energy 64 bits in Wh."""

_TABLE = {
    "function": 3,
    "blocks": (
        (
            0xBB7,
            6,
            (("I1", 0xBB7, "f", 1000), ("I2", 0xBB9, "f", 1000), ("I3", 0xBBB, "f", 1000)),
        ),
        (
            0xBD3,
            6,
            (("U1", 0xBD3, "f", 1000), ("U2", 0xBD5, "f", 1000), ("U3", 0xBD7, "f", 1000)),
        ),
        (
            0xBED,
            8,
            (
                ("P1", 0xBED, "f", 1000),
                ("P2", 0xBEF, "f", 1000),
                ("P3", 0xBF1, "f", 1000),
                ("P", 0xBF3, "f", 1000),
            ),
        ),
        (0xC25, 2, (("f", 0xC25, "f", 1000),)),
        (0xC83, 8, (("E", 0xC83, "Q", 1), ("X", 0xC87, "Q", 1))),
    ),
    "phases": 3,
    "serial": (19200, 0),
}
TABLES = {"iem3155": _TABLE, "iem3255": _TABLE, "iem3355": _TABLE, "iem3455": _TABLE}
