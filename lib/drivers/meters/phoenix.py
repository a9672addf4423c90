"""Phoenix Contact EEM-350: 32-bit integers with the low word first, function 4, at most eleven
registers a request; 100 Wh a step."""

TABLES = {
    "eem350": {
        "blocks": (
            (0x00, 6, (("U1", 0x00, "l", 100), ("U2", 0x02, "l", 100), ("U3", 0x04, "l", 100))),
            (0x0C, 6, (("I1", 0x0C, "l", 1), ("I2", 0x0E, "l", 1), ("I3", 0x10, "l", 1))),
            (0x28, 2, (("P", 0x28, "l", -10),)),
            (0x3E, 2, (("E", 0x3E, "l", 100),)),
        ),
        "phases": 3,
        "serial": (9600, None),
        "step_wh": 100,
    }
}
