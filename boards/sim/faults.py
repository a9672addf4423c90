"""Faults of a simulated EVSE, in the words of OCPP 1.6 and of the Minimum Required Error Codes
(MREC).

An error is `(code, info, vendor_id, vendor_code, faulted)`: `code` as in OCPP 1.6 §7.6, `faulted`
False for a warning that leaves the connector usable.
"""

CODES = (
    "ConnectorLockFailure",
    "EVCommunicationError",
    "GroundFailure",
    "HighTemperature",
    "InternalError",
    "LocalListConflict",
    "OtherError",
    "OverCurrentFailure",
    "OverVoltage",
    "PowerMeterFailure",
    "PowerSwitchFailure",
    "ReaderFailure",
    "ResetFailure",
    "UnderVoltage",
    "WeakSignal",
)
_WARNINGS = (
    "EVCommunicationError",
    "LocalListConflict",
    "ReaderFailure",
    "ResetFailure",
    "WeakSignal",
)
_MREC = {
    "CX001": "ConnectorLockFailure",
    "CX002": "GroundFailure",
    "CX003": "HighTemperature",
    "CX004": "OverCurrentFailure",
    "CX005": "OverVoltage",
    "CX006": "UnderVoltage",
    "CX018": "HighTemperature",  # the cable is hot: less current, no stop
    "CX019": "HighTemperature",
}
_MREC_WARNINGS = ("CX018",)
_MREC_COUNT = const(26)
_MREC_VENDOR = "https://chargex.inl.gov"
_PILOT_FAULT = "CX014"
_LOCK_FAILURE = "ConnectorLockFailure"


def known(code):
    """True for an OCPP 1.6 error code and for `CX001` to `CX026`."""
    return code in CODES or _is_mrec(code)


def _is_mrec(code):
    return (
        len(code) == 5
        and code.startswith("CX")
        and code[2:].isdigit()
        and 1 <= int(code[2:]) <= _MREC_COUNT
    )


def active(evse):
    """Tuple of all errors of `evse` now."""
    found = []
    for code in evse.faults:
        info, vendor_id, vendor_code = evse.faults[code]
        if _is_mrec(code):
            name = _MREC.get(code, "OtherError")
            faulted = code not in _MREC_WARNINGS
            found.append((name, info, vendor_id or _MREC_VENDOR, vendor_code or code, faulted))
        else:
            found.append((code, info, vendor_id, vendor_code, code not in _WARNINGS))
    if evse.pilot:
        found.append(
            ("OtherError", "control pilot state " + evse.pilot, _MREC_VENDOR, _PILOT_FAULT, True)
        )
    if not evse.diode and evse.plugged:
        # OCPP 1.6 §4.9: the car's fault, so a warning with SuspendedEVSE.
        found.append(
            ("EVCommunicationError", "no diode in the car", _MREC_VENDOR, _PILOT_FAULT, False)
        )
    if evse.lock_failed:
        found.append((_LOCK_FAILURE, "the lock does not move", "", "", True))
    return tuple(found)


def names(evse):
    """List of codes as they were raised, for people."""
    codes = list(evse.faults)
    if evse.pilot:
        codes.append("Pilot" + evse.pilot)
    if not evse.diode:
        codes.append("PilotDiode")
    if evse.lock_failed and _LOCK_FAILURE not in codes:
        codes.append(_LOCK_FAILURE)
    return codes
