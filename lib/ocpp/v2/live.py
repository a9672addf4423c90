"""Variables of the device model that are no settings: what the station is, and how it is now.

    source|Component.Variable|type|unit|default|limits|access|flags

as in `station/settings_table.py`; the source says where the value comes from (see `_value` and
`v2/values.py`).

flags    evse, conn  one for each EVSE, each connector
         perhaps     not there while it has no value
         watch       can be monitored
         const       never changes
limits   `..NAME`: the setting of that name; `..power`: what the hardware can carry

This module is imported when the model is read and let go afterwards.
"""

import os

from ocpp.modules import unload
from ocpp.v2 import values

_STATES = "Available,Occupied,Reserved,Unavailable,Faulted"

TABLE = (
    "=true|ChargingStation.Available|bool||||r|const",
    "state|ChargingStation.AvailabilityState|enum|||STATES|r|watch",
    "problem|ChargingStation.Problem|bool||||r|watch",
    "set SupplyPhases|ChargingStation.SupplyPhases|int|||..3|r|",
    "about vendor|ChargingStation.VendorName|str|||..50|r|const",
    "about model|ChargingStation.Model|str|||..20|r|const",
    "about serial|ChargingStation.SerialNumber|str|||..25|r|const perhaps",
    "about firmware|Controller.FirmwareVersion|str|||..50|r|const perhaps",
    "about iccid|DataLink.ICCID|str|||..20|r|const perhaps",
    "about imsi|DataLink.IMSI|str|||..20|r|const perhaps",
    "=true|EVSE.Available|bool||||r|evse const",
    "state|EVSE.AvailabilityState|enum|||STATES|r|evse watch",
    "problem|EVSE.Problem|bool||||r|evse watch",
    "set SupplyPhases|EVSE.SupplyPhases|int|||..3|r|evse",
    "sum Power.Active.Import|EVSE.Power|decimal|W||..power|r|evse watch",
    "reset|EVSE.AllowReset|bool||||r|evse",
    "=true|Connector.Available|bool||||r|conn const",
    "state|Connector.AvailabilityState|enum|||STATES|r|conn watch",
    "problem|Connector.Problem|bool||||r|conn watch",
    "set Connector.ConnectorType|Connector.ConnectorType|str||||r|conn const",
    "set SupplyPhases|Connector.SupplyPhases|int|||..3|r|conn",
    "wired|Connector.PhaseRotation|enum|||RST,RTS,SRT,STR,TRS,TSR|r|conn perhaps",
    "locked|ConnectorPlugRetentionLock.Active|bool||||r|conn perhaps watch",
    "error ConnectorLockFailure|ConnectorPlugRetentionLock.Problem|bool||||r|conn watch",
    "on|PowerContactor.Active|bool||||r|evse watch",
    "error PowerSwitchFailure|PowerContactor.Problem|bool||||r|evse watch",
    "error GroundFailure|RCD.Tripped|bool||||r|evse watch",
    "error OverCurrentFailure|OverCurrentProtection.Active|bool||||r|evse watch",
    "error HighTemperature|TemperatureSensor.Problem|bool||||r|evse watch",
    "one Temperature|TemperatureSensor.Temperature|decimal|Celsius|||r|evse perhaps watch",
    "error EVCommunicationError|CPPWMController.Problem|bool||||r|evse watch",
    "error ReaderFailure|TokenReader.Problem|bool||||r|evse watch",
    "error PowerMeterFailure|FiscalMetering.Problem|bool||||r|evse watch",
    "register|FiscalMetering.EnergyImportRegister|decimal|Wh|||r|evse watch",
    "about meter_type|FiscalMetering.Model[Meter]|str|||..25|r|evse const perhaps",
    "about meter_serial|FiscalMetering.SerialNumber[Meter]|str|||..25|r|evse const perhaps",
    "time|ClockCtrlr.DateTime|time||||r|",
    "id|SecurityCtrlr.Identity|str|||..48|r|const",
    "certificates|SecurityCtrlr.CertificateEntries|int|||..CertificateStoreMaxLength|r|",
    "=true|AlignedDataCtrlr.Available|bool||||r|const",
    "=true|SampledDataCtrlr.Available|bool||||r|const",
    "=true|AuthCacheCtrlr.Available|bool||||r|const",
    "stored cache|AuthCacheCtrlr.Storage|int|B|||r|",
    "=true|LocalAuthListCtrlr.Available|bool||||r|const",
    "listed|LocalAuthListCtrlr.Entries|int|||..LocalAuthListMaxLength|r|",
    "=8192|LocalAuthListCtrlr.BytesPerMessage|int|B|||r|const",
    "stored locallist|LocalAuthListCtrlr.Storage|int|B|||r|",
    "=true|ReservationCtrlr.Available|bool||||r|const",
    "=true|SmartChargingCtrlr.Available|bool||||r|const",
    (
        "profiles|SmartChargingCtrlr.Entries[ChargingProfiles]|int|||..MaxChargingProfilesInstalled"
        "|r|"
    ),
    "rates|SmartChargingCtrlr.RateUnit|csl|||A,W|r|",
    "display|DisplayMessageCtrlr.Available|bool||||r|",
    "messages|DisplayMessageCtrlr.DisplayMessages|int|||..16|r|",
    "=true|MonitoringCtrlr.Available|bool||||r|const",
    "base|MonitoringCtrlr.ActiveMonitoringBase|enum|||All,FactoryDefault,HardWiredOnly|r|",
    "level|MonitoringCtrlr.ActiveMonitoringLevel|int|||0..9|r|",
    "slot|OCPPCommCtrlr.ActiveNetworkProfile|str|||..2|r|",
)


def rows(station, line):
    """(component, variable, definition, text or None) of each variable of a line; component and
    variable carry their addresses, as `EVSE@1` and `Model[Meter]`."""
    d = line.split("|")
    component, _, variable = d[1].partition(".")
    d[5] = _limits(station, d[5])
    at = "@%d.1" if "conn" in d[7] else "@%d"
    for c in station.connectors if "evse" in d[7] or "conn" in d[7] else (None,):
        text = _value(station, d[0], c)
        if text is not None or "perhaps" not in d[7]:
            yield component + (at % c.id if c else ""), variable, d, text


def _limits(station, text):
    if text == "STATES":
        return _STATES
    if text == "..power":
        get = station.settings.get
        amperes = get("ConnectorMaxCurrent") * get("SupplyPhases")
        return "..%d" % (amperes * get("SupplyVoltage"))
    if text[:2] == ".." and text[2:3].isalpha():
        return "..%d" % station.settings.get(text[2:])
    return text


def _value(station, source, c):
    """The value as text, None if there is none. `c`: the connector, None: the station."""
    if source[0] == "=":
        return source[1:]
    kind, _, what = source.partition(" ")
    if kind == "about":
        return station.config.get("charge_point", {}).get(what) or (
            "ocppy" if what in ("vendor", "model") else None
        )
    if kind == "set":
        return str(station.settings.get(what))
    if kind == "stored":
        return str(_stored(station.store.root, what))
    if c or kind in ("state", "problem"):
        return values.of(station, source, c)
    return values.text(_of_station(station, kind))


def _of_station(station, kind):
    if kind == "time":
        return _time(station.clock.unix())
    if kind == "id":
        return station.config.get("ocpp", {}).get("id", "")
    if kind == "certificates":
        return _roots(station.store.root + "/certs")
    if kind == "listed":
        return _listed(station.store.root + "/locallist")
    if kind in ("base", "level"):
        part = station._parts.get("monitors")
        return getattr(part, kind) if part else "All" if kind == "base" else 9
    if kind in ("display", "messages", "profiles"):
        return _kept(station, kind)
    if kind == "rates":
        units = station.settings.get("ChargingScheduleAllowedChargingRateUnit")
        return units.replace("Current", "A").replace("Power", "W")
    if kind == "slot":
        return station.part("network").number() if station.route else 1
    raise ValueError(kind)


def _time(unix):
    if unix is None:
        return None
    from ocpp.iso import to_iso

    unload("ocpp.iso")
    return to_iso(unix)


def _stored(folder, name):
    """Bytes in the files of that name, numbered or not."""
    count = 0
    for entry in os.ilistdir(folder):
        if entry[0].startswith(name) and len(entry) > 3:
            count += entry[3]
    return count


def _roots(folder):
    """Root certificates (see `station/certificates.py`)."""
    try:
        names = os.listdir(folder)
    except OSError:
        return 0
    return len(
        [n for n in names if n[:4] in ("CSMS", "Manu", "V2GR", "MORo") and n[-4:] != ".new"]
    )


def _listed(path):
    """Identifiers in the local list, as its last line tells (see `station/local_list.py`)."""
    try:
        with open(path, "rb") as f:
            f.seek(f.seek(0, 2) - 46)
            return int(f.read(46).split(b"\t")[1].split()[2])
    except (OSError, ValueError, IndexError):
        return 0


def _kept(station, kind):
    if kind == "profiles":
        return len(station.limits.slots)
    if kind == "display":
        return station.on_display is not None
    part = station._parts.get("display")  # there while it has any
    return part.count if part else 0
