"""What the configuration means for a station: settings, link, protocol version. Loaded when
needed.

Each function takes the station first; `Station._configure` calls them. No function made here may
be kept: it would keep the whole module.
"""

import os

from ocpp import calls, txlog
from ocpp.log import log
from ocpp.ondemand import unload
from ocpp.station.connector import Connector
from ocpp.station.delivery import Delivery
from ocpp.station.limits import Limits
from ocpp.station.registration import Registration
from ocpp.station.settings import Settings
from ocpp.station.status import StatusReporter
from ocpp.store import Store

_DIRECTORY = const(0x4000)

# Version -> (WebSocket subprotocol, module of its dialect)
DIALECTS = {"1.6": ("ocpp1.6", "ocpp.v16.dialect"), "2.0.1": ("ocpp2.0.1", "ocpp.v2.dialect")}


def files(station, root):
    """Open what is kept in `root`."""
    aside = []
    station.store = Store(_directory(root, "state", aside))
    station.log = txlog.TxLog(_directory(root, "log", aside), station.clock)
    station.store.damaged += aside
    station.clock.boot = station.store.next_boot(station.log.seen_boot)
    station.settings = Settings(station.store)


def _directory(root, name, aside):
    """Path of a directory for what is kept. Should a file be in its place, it is put `aside`."""
    path = root + "/" + name
    try:
        os.mkdir(path)
    except OSError:
        if not os.stat(path)[0] & _DIRECTORY:
            os.rename(path, path + ".old")
            os.mkdir(path)
            aside.append(name)
    return path


def parts(station):
    """Make the parts of the domain, and the list of those that have their turn in each tick."""
    numbers = range(1, station.settings.get("NumberOfConnectors") + 1)
    station.connectors = [Connector(station, n) for n in numbers]
    station.limits = Limits(station)
    station.registration = Registration(station)
    station.statuses = StatusReporter(station)
    station.delivery = Delivery(station)
    station._domains = [("bounds", station._bound)]
    for c in station.connectors:
        station._domains.append(("connector %d" % c.id, c.step))
    station._domains.append(("reports", station._tell))


def settings(station, declare):
    """Apply the configuration to the settings, with those the host declares. Returns what could
    not be
    taken: (name, why)."""
    config = station.config
    settings = station.settings
    for line in declare:
        settings.declare(line)
    count = config.get("connectors", 1)
    count = count if isinstance(count, int) else len(count)
    if count < 1:
        raise ValueError("connectors is %d; there must be one" % count)
    settings.set_fixed("NumberOfConnectors", str(count))
    server = config.get("ocpp", {})
    if server.get("password"):
        settings.install("AuthorizationKey", server["password"])
    if server.get("security_profile"):
        settings.install("SecurityProfile", str(server["security_profile"]))
    station.locks = config.get("connector_lock") is not False
    if not station.locks:
        settings.set_fixed("UnlockConnectorOnEVSideDisconnect", "false")
    problems = settings.initial(config.get("settings", {}))
    for name, why in problems:
        log.warn("settings", name + ":", why)
    return problems


def trim(station):
    """Take what this station can't measure out of its settings; all is declared now."""
    from ocpp.station.measurands import LISTS as lists

    for name in ("wiring", "acts", "hosting", "station.measurands", "station.settings_rules"):
        unload("ocpp." + name)
    values = station.settings._values
    station.metering.trim([name for name in lists if hasattr(values, name)])


def versions(station):
    """Versions to speak, in order of preference. ValueError if there is none."""
    wanted = station.config.get("ocpp", {}).get("version", "1.6")
    wanted = [wanted] if isinstance(wanted, str) else wanted
    known = [v for v in wanted if v in DIALECTS]
    if not known:
        raise ValueError("OCPP version %s is not supported" % ", ".join(wanted))
    return known


def link(station, open_link, connection, remote):
    """Give the station its connection and its RPC."""
    if remote is not None:
        station.rpc = remote
        station.connection = connection or remote.connection
        return
    if connection is None:
        if open_link is None:
            raise ValueError("a station needs open_link, connection or remote")
        if not station.config.get("ocpp", {}).get("url"):
            raise ValueError("ocpp.url is missing")
    from ocpp.rpc import RPC

    station.connection = connection or _supervisor(station, open_link)
    station.rpc = RPC(station.connection, station.clock)


def _supervisor(station, open_link):
    from ocpp.connection import Supervisor

    station.dialling = (
        open_link,
        station.config["ocpp"]["url"],
        [DIALECTS[v][0] for v in versions(station)],
    )
    supervisor = Supervisor(station.clock, station.dial, station.settings)
    supervisor.on_failed = station.dial_failed
    return supervisor


def wire(station):
    """Connect the RPC with the domain, in the version wanted most."""
    rpc = station.rpc
    settings = station.settings
    speak(station, versions(station)[0])
    rpc.may_send = station.registration.may_send
    rpc.on_answer = station.registration.answered
    rpc.on_call = station.answering if hasattr(rpc, "takes_steps") else station.on_call
    rpc.on_garbage = station.on_garbage
    rpc.relieving = station.tidying
    rpc.check = station.check
    rpc.add_source(station.statuses)
    rpc.add_source(station.delivery)
    if station.store.load("availability"):
        station.part("availability").restore()
    for name in ("reservations", "monitors"):
        if station.store.load(name):
            station.part(name)
    station.limits.slots = station.store.numbers("cp")
    if station.store.numbers("dm"):
        station.part("display")
    station.limits.changed()

    station.route = station.part("network").plan() if station.store.load("network") else None
    settings.owner = station
    rpc.timeout_ms = settings.get("MessageTimeout") * 1000
    station.aligned = settings.get("ClockAlignedDataInterval")
    for name in ("update", "upload"):
        state = station.store.load(name)
        if isinstance(state, dict) and ("phase" in state or "url" in state):
            station.part(name)  # a restart interrupted it


def respeak(station):
    """Speak the version that the server chose. True if it is another one."""
    for version in versions(station):
        if DIALECTS[version][0] == station.connection.subprotocol and version != station.version:
            speak(station, version)
            return True
    return False


def speak(station, version):
    """Speak a version from now on."""
    if station.dialect:
        # What waits in the other version's words is worth nothing.
        for klass in (calls.BOOT, calls.TRIGGERED, calls.EVENT):
            station.rpc.forget(klass)
        station.tidy()
        unload(station.dialect.package + ".dialect")
    module = __import__(DIALECTS[version][1], None, None, ("Dialect",))
    station.dialect = module.Dialect(station)
    station.version = version
    for c in station.connectors:
        if c.tx:
            c.tx.id = station.dialect.transaction_id(c.tx.key, station.log.csms_id(c.tx.key))


def headers(station):
    """HTTP headers of a dial: Basic authentication under security profiles 1 and 2 (whitepaper
    §2)."""
    settings = station.settings
    key = settings.get("AuthorizationKey")
    if settings.get("SecurityProfile") not in (1, 2) or not key:
        return []
    import binascii

    user = station.config["ocpp"].get("id", "")
    forms = passwords(settings, key, station.version == "1.6")
    word = user.encode() + b":" + forms[station.refused % len(forms)]
    return [("Authorization", "Basic " + binascii.b2a_base64(word).decode().strip())]


def passwords(settings, key, digits):
    """What an AuthorizationKey may stand for, the likely first: the CSMS sends 16 to 20 bytes in
    hexadecimal digits (OCPP-J 1.6 §6.2.2, errata 3.12), or means what it sends; what was installed
    is meant so. After a refusal it is the other one's turn. `digits`: the version has the former.
    """
    import binascii

    forms = [key.encode()]
    try:
        raw = binascii.unhexlify(key)
    except ValueError:
        return forms
    told = "AuthorizationKey" in settings._stored and len(raw) >= 16
    return [raw] + forms if told and digits else forms + [raw]
