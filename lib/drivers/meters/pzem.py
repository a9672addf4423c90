"""PZEM-004T version 3: 32-bit values with the low word first, function 4. One phase, not for
billing by law. It asks for 200 ms between two polls."""

TABLES = {
    "pzem004t": {
        "blocks": (
            (
                0,
                10,
                (
                    ("U1", 0, "u", 100),
                    ("I1", 1, "L", 1),
                    ("P", 3, "L", -10),
                    ("E", 5, "L", 1),
                    ("f", 7, "u", 100),
                    ("PF", 8, "u", 10),
                ),
            ),
        ),
        "phases": 1,
        "serial": (9600, None),
        "pause_ms": 250,
    }
}
