"""Names of errors that a host raises (`hosting.raise_error`): error codes of OCPP 1.6 §7.6 and the
Minimum Required Error Codes (MREC) by name, as PilotFault, or number, as CX014."""

from ocpp.station.connector import Error

_VENDOR = const("https://chargex.inl.gov")  # where the MREC are defined
_SEVERITIES = const("Low,Medium,High")

# CX001, CX002, ...; behind "=" the code of OCPP 1.6, none: OtherError; without "=": the same word
_MREC = const(
    "ConnectorLockFailure,GroundFailure,HighTemperature,OverCurrentFailure,OverVoltage,"
    "UnderVoltage,WeakSignal,EmergencyStop=,AuthorizationTimeout=,InvalidVehicleMode=,"
    "CableCheckFailure=,PreChargeFailure=,NoInternet=,PilotFault=,PowerLoss=,EVContactorFault=,"
    "EVSEContactorFault=,CableOverTempDerate=HighTemperature,CableOverTempStop=HighTemperature,"
    "PartialInsertion=,CapacitanceFault=,ResistanceFault=,ProximityFault=,ConnectorVoltageHigh=,"
    "BrokenLatch=,CutCable="
)


def error(id, name, severity, info, inoperative):
    """The `Error`. `inoperative`: no energy can be delivered; None: with severity "High".
    ValueError for another severity or no name."""
    if severity not in _SEVERITIES.split(","):
        raise ValueError("severity is %r; accepted: %s" % (severity, _SEVERITIES))
    if not isinstance(name, str) or not name:
        raise ValueError("an error needs a name")
    code, vendor, number = name, "", ""
    for n, entry in enumerate(_MREC.split(",")):
        called, _, other = entry.partition("=")
        if name in (called, "CX%03d" % (n + 1)):
            code = other or ("OtherError" if "=" in entry else called)
            vendor, number = _VENDOR, "CX%03d" % (n + 1)
            info = info or called
    found = Error(
        code, info, vendor, number, severity == "High" if inoperative is None else inoperative
    )
    found.id = id
    return found
