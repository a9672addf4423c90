"""What is known of one station: connection, registration, EVSEs, device model.

Connector N of 1.6 is kept as EVSE N, connector 1; connector 0 as the station itself.
"""

import asyncio
import datetime

from csms_app import machine
from csms_app.device_model import DeviceModel, Reports

_ANSWERS = {"Accepted": "accept", "Pending": "pend", "Rejected": "reject"}


def now():
    """The time as OCPP text: UTC, milliseconds."""
    text = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


class Station:
    """State of one station, for as long as the CSMS knows it."""

    def __init__(self, id, unknown=True):
        self.id = id
        self.unknown = unknown  # nobody registered it
        self.password = None  # hash (auth.py), None: no password asked for
        self.boot_answer = {}  # overrides of status and interval for this station
        self.version = None  # "1.6" ... of the current or last connection
        self.registration = None  # status of the last BootNotification answer
        self.boot = None  # last BootNotification payload
        self.status = None  # 1.6: what connector 0 reported
        self.evses = {}  # EVSE id -> {connector id -> {"status": ..., ...}}
        self.model = DeviceModel()
        self.reports = Reports()
        self.configuration = {}  # 1.6 key -> {"key", "value", "readonly"}
        self.profiles = {}  # id of a charging profile it has accepted -> the request
        self.reservations = {}  # id -> the request
        self.states = {}  # "firmware", "diagnostics", "log" -> last status told
        self.triggered = set()  # actions asked for by TriggerMessage
        self.link = None  # the connection (rpc, version, remote) while there is one
        self.state = machine.DISCONNECTED
        self.asks_again = False  # its BootNotification repeats one that was not accepted
        self.turn = asyncio.Lock()  # calls that wait take it in their order
        self.queued = 0  # calls that have or wait for their turn
        self.since = None  # time of the last (dis)connection
        self.seen = None  # time of the last message
        self.changed = False  # to be saved

    @property
    def connected(self):
        return self.link is not None

    def move(self, event):
        """Change the state. Raises machine.NotAllowed."""
        was, self.state = self.state, machine.after(self.state, event)
        if event == "boot":
            self.asks_again = was == machine.PENDING

    def booted(self, payload, status):
        """A BootNotification is answered with this status."""
        self.move(_ANSWERS[status])
        self.boot = payload
        self.registration = status
        if not self.asks_again:  # what it was asked for before will not come
            self.triggered.clear()
            self.reports.clear()

    def forget_registration(self):
        """It speaks another version than before: it must register anew."""
        self.registration = None
        self.state = machine.DISCONNECTED

    def may_send(self, action, payload):
        """False for what a 2.x station must not send in its state. Uses up a trigger."""
        if action == "NotifyReport" and self.state == machine.PENDING:
            return self.version == "1.6" or self.reports.expects(payload["requestId"])
        allowed = machine.may_come(self.state, self.version, action, self.triggered)
        if allowed and machine.comes_once(action):
            self.triggered.discard(action)
        return allowed

    def expect_evses(self, count):
        """Make EVSEs 1 to count known, each with connector 1."""
        for evse in range(1, count + 1):
            self.evses.setdefault(evse, {}).setdefault(1, {"status": None})
        self.changed = True

    def set_connector(self, evse, connector, **values):
        """Take over a StatusNotification."""
        self.evses.setdefault(evse, {})[connector] = values
        self.changed = True

    def set_variable(self, item, value):
        """Take over one value out of a GetVariables or SetVariables exchange."""
        kind = item.get("attributeType", "Actual")
        self.model.set(item["component"], item["variable"], value, kind)
        self.changed = True

    def end_reservation(self, id):
        """A reservation is used, expired or gone. True: it was there."""
        if self.reservations.pop(id, None) is None:
            return False
        self.changed = True
        return True

    def merge_call(self, action, request, result):
        """Learn from the answer to one of our calls. True: it takes effect at a restart only."""
        if action not in _LEARN:
            return False
        self.changed = True
        return bool(_LEARN[action](self, request, result))

    def to_dict(self, brief=False):
        """The station as the API shows it; `brief`: without device model and configuration."""
        shown = {
            "id": self.id,
            "unknown": self.unknown,
            "password": self.password is not None,
            "connected": self.connected,
            "since": self.since,
            "last_seen": self.seen,
            "remote": self.link.remote if self.link else None,
            "certificate": getattr(self.link, "certificate", None),
            "version": self.version,
            "state": self.state,
            "registration": self.registration,
            "boot": self.boot,
            "boot_answer": self.boot_answer,
            "status": self.status,
            "states": self.states,
            "evses": [_evse(e, self.evses[e]) for e in sorted(self.evses)],
        }
        if not brief:
            shown["configuration"] = list(self.configuration.values())
            shown["profiles"] = list(self.profiles.values())
            shown["reservations"] = list(self.reservations.values())
            shown["device_model"] = list(self.model.entries.values())
        return shown

    def saved(self):
        """What survives a restart of the CSMS, as JSON value."""
        keys = ("version", "registration", "boot", "status", "states", "since", "seen")
        values = {k: getattr(self, k) for k in keys}
        evses = [_evse(e, self.evses[e]) for e in sorted(self.evses)]
        configuration = list(self.configuration.values())
        model = list(self.model.entries.values())
        values.update(profiles=self.profiles, reservations=self.reservations)
        return dict(values, evses=evses, configuration=configuration, model=model)

    def restore(self, values):
        """The opposite of saved()."""
        for key in ("version", "registration", "boot", "status", "states", "since", "seen"):
            setattr(self, key, values.get(key, getattr(self, key)))
        for evse in values.get("evses", ()):
            for connector in evse["connectors"]:
                number = connector.pop("id")
                self.evses.setdefault(evse["id"], {})[number] = connector
        self.configuration = {c["key"]: c for c in values.get("configuration", ())}
        self.profiles = {int(k): v for k, v in values.get("profiles", {}).items()}
        self.reservations = {int(k): v for k, v in values.get("reservations", {}).items()}
        self.model.merge(values.get("model", ()))
        if self.registration == "Accepted":
            self.state = machine.OFFLINE
        self.changed = False


def _evse(id, connectors):
    return {"id": id, "connectors": [dict(connectors[c], id=c) for c in sorted(connectors)]}


def _learn_configuration(station, request, result):
    for entry in result.get("configurationKey", ()):
        station.configuration[entry["key"]] = entry


def _learn_change(station, request, result):
    key = request["key"]
    if (
        result.get("status") in ("Accepted", "RebootRequired")
        and key.lower() != "authorizationkey"
    ):
        known = station.configuration.setdefault(key, {"key": key, "readonly": False})
        known["value"] = request["value"]
    return result.get("status") == "RebootRequired"


def _learn_get_variables(station, request, result):
    for item in result["getVariableResult"]:
        if item["attributeStatus"] == "Accepted" and "attributeValue" in item:
            station.set_variable(item, item["attributeValue"])


def _learn_set_variables(station, request, result):
    values = request["setVariableData"]
    for item, answer in zip(values, result["setVariableResult"]):
        secret = item["variable"]["name"].lower() == "basicauthpassword"
        if answer["attributeStatus"] == "Accepted" and not secret:
            station.set_variable(item, item["attributeValue"])
    statuses = [answer["attributeStatus"] for answer in result["setVariableResult"]]
    return "RebootRequired" in statuses


def _learn_trigger(station, request, result):
    if result.get("status") == "Accepted":
        station.triggered.add(machine.triggered_action(request["requestedMessage"]))


def _learn_profile(station, request, result):
    profile = request.get("chargingProfile") or request["csChargingProfiles"]
    if result["status"] == "Accepted":
        id = profile["chargingProfileId"] if "chargingProfileId" in profile else profile["id"]
        station.profiles[id] = request


def _learn_clear_profile(station, request, result):
    """By id, or all. Which ones other criteria meet is the station's knowledge: they stay."""
    if result["status"] != "Accepted":
        return
    id = request.get("chargingProfileId", request.get("id"))
    if id is not None:
        station.profiles.pop(id, None)
    elif not request:
        station.profiles.clear()


def _learn_reservation(station, request, result):
    if result["status"] == "Accepted":
        station.reservations[request.get("reservationId", request.get("id"))] = request


def _learn_cancel(station, request, result):
    if result["status"] == "Accepted":
        station.reservations.pop(request["reservationId"], None)


def _learn_report(station, request, result):
    if result["status"] == "Accepted":
        station.reports.expect(request["requestId"], request.get("reportBase") == "FullInventory")


def _learn_reset(station, request, result):
    if result["status"] == "Accepted" and "evseId" not in request:
        station.move("reset")


_LEARN = {
    "GetConfiguration": _learn_configuration,
    "ChangeConfiguration": _learn_change,
    "CancelReservation": _learn_cancel,
    "ClearChargingProfile": _learn_clear_profile,
    "ReserveNow": _learn_reservation,
    "SetChargingProfile": _learn_profile,
    "GetBaseReport": _learn_report,
    "GetReport": _learn_report,
    "GetVariables": _learn_get_variables,
    "Reset": _learn_reset,
    "SetVariables": _learn_set_variables,
    "TriggerMessage": _learn_trigger,
}
