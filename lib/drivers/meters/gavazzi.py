"""Carlo Gavazzi EM340: 32-bit integers with the low word first, function 4; 100 Wh a step."""

TABLES = {
    "em340": {
        "blocks": (
            (
                0,
                24,
                (
                    ("U1", 0x00, "l", 100),
                    ("U2", 0x02, "l", 100),
                    ("U3", 0x04, "l", 100),
                    ("I1", 0x0C, "l", 1),
                    ("I2", 0x0E, "l", 1),
                    ("I3", 0x10, "l", 1),
                    ("P1", 0x12, "l", -10),
                    ("P2", 0x14, "l", -10),
                    ("P3", 0x16, "l", -10),
                ),
            ),
            (
                0x28,
                14,
                (
                    ("P", 0x28, "l", -10),
                    ("PF", 0x31, "s", 1),
                    ("f", 0x33, "u", 100),
                    ("E", 0x34, "l", 100),
                ),
            ),
            (0x4E, 2, (("X", 0x4E, "l", 100),)),
        ),
        "phases": 3,
        "serial": (9600, None),
        "step_wh": 100,
    }
}
