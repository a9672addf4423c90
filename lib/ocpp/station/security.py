"""Security events (whitepaper A04, §8)."""

from ocpp import txlog
from ocpp.station import security_log

# §8; the others are told as long as there is a link or room to wait for one
_CRITICAL = (
    "FirmwareUpdated",
    "SettingSystemTime",
    "StartupOfTheDevice",
    "ResetOrReboot",
    "SecurityLogWasCleared",
    "MemoryExhaustion",
    "TamperDetectionActivated",
)
# In 2.x these, too (part 2 appendices §1)
_CRITICAL2 = const(
    (
        "InvalidCentralSystemCertificate",
        "InvalidChargePointCertificate",
        "InvalidTLSVersion",
        "InvalidTLSCipherSuite",
        "MaintenanceLoginAccepted",
        "MaintenanceLoginFailed",
    )
)
_START = const(("StartupOfTheDevice", "ResetOrReboot"))
_INFO = const(255)  # characters
_TYPE = const(50)
_PAUSE_S = const(60)  # between two events that the other side can cause at will


class Security:
    """A part of the station, see `OnDemand.part`."""

    def __init__(self, station):
        self._station = station

    def event(self, type, info="", critical=None):
        """Something happened to the security of the station: logged and told. `critical`: None: as
        the whitepaper has it."""
        station = self._station
        settings = station.settings
        quiet = settings.get("DisableSecurityEventNotifications")
        if type in ("InvalidMessages", "AttemptedReplayAttacks"):
            if station.clock.uptime() - station.heard < _PAUSE_S:
                return
            station.heard = station.clock.uptime()
            # Without any security the other side need not hear what it sent
            quiet = quiet or not settings.get("SecurityProfile")
        type, info = type[:_TYPE], info[:_INFO]
        security_log.add(station, type, info)
        if quiet:
            return
        if critical is None:
            critical = type in _CRITICAL or (station.dialect.asks_again and type in _CRITICAL2)
        data = {"what": "security", "type": type}
        if info:
            data["info"] = info
        if not critical:
            station.dialect.security_event(data, station.stamp())
        elif type in _START and not station.registration.accepted:
            # A start nobody asked about is told by the next one as well
            station.held += ((data, station.log.now()),)
        else:
            self._record(data, None)

    def release(self):
        """Tell of the start."""
        held, self._station.held = self._station.held, ()
        for data, stamp in held:
            self._record(data, stamp)

    def _record(self, data, stamp):
        station = self._station
        seq = station.log.append(txlog.EVENT, None, data, True, stamp)
        if seq is not None:
            station.delivery.recorded(seq)
