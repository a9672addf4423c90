"""Register tables of meters, by name: `load("sdm630")` imports the family's module only.

A table is a dict:

    blocks      ((first register, how many, rows), ...), each read with one request
    rows        ((name, register, kind, scale), ...); name: E X import and export, P P1 P2 P3,
                U1 U2 U3, I1 I2 I3, f, PF; kind and scale: see `meter.number`; the scale gives
                Wh, W, mV, mA, mHz and per mille
    function    3 or 4 (default)
    phases      1 or 3
    serial      (Bd, parity None 0 even 1 odd) as delivered
    step_wh     resolution of the register if it is coarser than 10 Wh
    pause_ms    the least time between two polls

Where each comes from, and what is known at second hand only: docs/drivers.md.
"""

FAMILIES = {
    "abb": "b23",
    "chint": "ddsu666 dtsu666",
    "eastron": "sdm120 sdm220 sdm230 sdm630 sdm72 sdm72v2",
    "gavazzi": "em340",
    "orno": "we504 we514 we515 we516 we517 we525 we526",
    "phoenix": "eem350",
    "pzem": "pzem004t",
    "schneider": "iem3155 iem3255 iem3355 iem3455",
}


def names():
    """All names, sorted."""
    return sorted(" ".join(FAMILIES.values()).split())


def load(name):
    """The table of a meter. ValueError if nobody knows it."""
    for family, members in FAMILIES.items():
        if name in members.split():
            module = __import__("drivers.meters." + family, None, None, ("TABLES",))
            return module.TABLES[name]
    raise ValueError("no meter %s; there are: %s" % (name, ", ".join(names())))
