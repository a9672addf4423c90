"""ABB B23 (and others of the A and B series): integers, function 3; all ones: not available."""

TABLES = {
    "b23": {
        "function": 3,
        "blocks": (
            (
                0x5B00,
                28,
                (
                    ("U1", 0x5B00, "U", 100),
                    ("U2", 0x5B02, "U", 100),
                    ("U3", 0x5B04, "U", 100),
                    ("I1", 0x5B0C, "U", 10),
                    ("I2", 0x5B0E, "U", 10),
                    ("I3", 0x5B10, "U", 10),
                    ("P", 0x5B14, "S", -100),
                    ("P1", 0x5B16, "S", -100),
                    ("P2", 0x5B18, "S", -100),
                    ("P3", 0x5B1A, "S", -100),
                ),
            ),
            (0x5B2C, 1, (("f", 0x5B2C, "u", 10),)),
            (0x5000, 8, (("E", 0x5000, "Q", 10), ("X", 0x5004, "Q", 10))),
        ),
        "phases": 3,
        "serial": (9600, None),
    }
}
