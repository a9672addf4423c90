"""Faults of an outlet, and what they are called: OCPP 1.6 §7.6, and the Minimum Required Error
Codes (MREC). docs/evse.md shows the table, made from it by tools/evse_diagram.py."""

_MREC = const("https://chargex.inl.gov")  # vendor of the codes CX...
_OWN = const("ocppy")

# name, code of 1.6, MREC (-: none), how it ends, flags, words
# ends: seconds after its cause is gone; "gone" with the car; "reset" by `Controller.reset`
# flags: s energy stops, w told as a warning, f pilot goes to F
TABLE = const("""\
Emergency OtherError CX008 gone s emergency stop
Residual GroundFailure CX002 gone s residual current
Selftest GroundFailure CX002 reset sf residual current monitor failed its test
Earth GroundFailure CX002 60 s no protective earth
Weld PowerSwitchFailure CX017 reset sf contactor does not open
Contactor PowerSwitchFailure CX017 gone s contactor does not close
Pilot OtherError CX014 30 s control pilot state E or F
Diode EVCommunicationError CX014 gone sw no diode in the car
Ventilation OtherError CX010 5 sw the car asks for ventilation
Proximity OtherError CX023 5 s rating of the cable unknown
Lock ConnectorLockFailure CX001 gone s the lock does not hold
Hot HighTemperature CX019 0 s too hot
Warm HighTemperature CX018 0 w hot: less current
Thermometer OtherError - 30 s temperature unknown
Overcurrent OverCurrentFailure CX004 gone s the car ignores its limit
Meter PowerMeterFailure - 5 s meter is silent
Stalled InternalError - 30 s main loop stood still
Withdrawn InternalError - 30 s contactor was left closed
Sampling InternalError - 30 s pilot can't be measured
Hardware InternalError - 30 s a part does not answer
""")


class Fault:
    """One fault that is there. `code` `info` `vendor_id` `vendor_code` `faulted` as a connector of
    the station takes them."""

    def __init__(self, name, words):
        fields = _find(name).split(" ", 5)
        flags = fields[4]
        mrec = fields[2] != "-"
        self.name = name
        self.code = fields[1]
        self.vendor_id = _MREC if mrec else _OWN
        self.vendor_code = fields[2] if mrec else name
        self.info = (words or fields[5])[:50]
        self.ends = fields[3] if fields[3] in ("gone", "reset") else int(fields[3]) * 1000  # ms
        self.stops = "s" in flags
        self.faulted = "w" not in flags
        self.fails = "f" in flags
        self.since = 0  # ticks when its cause was last there


def _find(name):
    for line in TABLE.split("\n"):
        if line.startswith(name + " "):
            return line
    raise ValueError("no fault %r" % name)
