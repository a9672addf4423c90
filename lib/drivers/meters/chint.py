"""Chint DDSU666 and DTSU666: floats, high word first, function 3. The one for three phases scales
its values by ten, a hundred or a thousand, the one for one phase does not."""

TABLES = {
    "dtsu666": {
        "function": 3,
        "blocks": (
            (
                0x2006,
                20,
                (
                    ("U1", 0x2006, "f", 100),
                    ("U2", 0x2008, "f", 100),
                    ("U3", 0x200A, "f", 100),
                    ("I1", 0x200C, "f", 1),
                    ("I2", 0x200E, "f", 1),
                    ("I3", 0x2010, "f", 1),
                    ("P", 0x2012, "f", -10),
                    ("P1", 0x2014, "f", -10),
                    ("P2", 0x2016, "f", -10),
                    ("P3", 0x2018, "f", -10),
                ),
            ),
            (0x202A, 2, (("PF", 0x202A, "f", 1),)),
            (0x2044, 2, (("f", 0x2044, "f", 10),)),
            (0x101E, 12, (("E", 0x101E, "f", 1000), ("X", 0x1028, "f", 1000))),
        ),
        "phases": 3,
        "serial": (9600, None),
    },
    "ddsu666": {
        "function": 3,
        "blocks": (
            (
                0x2000,
                6,
                (
                    ("U1", 0x2000, "f", 1000),
                    ("I1", 0x2002, "f", 1000),
                    ("P", 0x2004, "f", 1000),
                ),
            ),
            (0x4000, 12, (("E", 0x4000, "f", 1000), ("X", 0x400A, "f", 1000))),
        ),
        "phases": 1,
        "serial": (9600, None),
    },
}
