"""Eastron SDM series: floats, high word first, function 4."""

_ENERGY = (
    0x46,
    6,
    (("f", 0x46, "f", 1000), ("E", 0x48, "f", 1000), ("X", 0x4A, "f", 1000)),
)
_ONE = {
    "blocks": (
        (
            0,
            32,
            (
                ("U1", 0x00, "f", 1000),
                ("I1", 0x06, "f", 1000),
                ("P", 0x0C, "f", 1),
                ("PF", 0x1E, "f", 1000),
            ),
        ),
        _ENERGY,
    ),
    "phases": 1,
    "serial": (2400, None),
}
_THREE = {
    "blocks": (
        (
            0,
            18,
            (
                ("U1", 0x00, "f", 1000),
                ("U2", 0x02, "f", 1000),
                ("U3", 0x04, "f", 1000),
                ("I1", 0x06, "f", 1000),
                ("I2", 0x08, "f", 1000),
                ("I3", 0x0A, "f", 1000),
                ("P1", 0x0C, "f", 1),
                ("P2", 0x0E, "f", 1),
                ("P3", 0x10, "f", 1),
            ),
        ),
        (0x34, 12, (("P", 0x34, "f", 1), ("PF", 0x3E, "f", 1000))),
        _ENERGY,
    ),
    "phases": 3,
    "serial": (9600, None),
}
TABLES = {
    "sdm120": _ONE,
    "sdm220": _ONE,
    "sdm230": _ONE,
    "sdm630": _THREE,
    "sdm72v2": _THREE,
    "sdm72": {  # the first version has no voltages and no currents
        "blocks": (
            (0x34, 2, (("P", 0x34, "f", 1),)),
            (0x48, 4, (("E", 0x48, "f", 1000), ("X", 0x4A, "f", 1000))),
        ),
        "phases": 3,
        "serial": (9600, None),
    },
}
