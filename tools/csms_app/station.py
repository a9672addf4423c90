"""What is known of one station: connection, registration, EVSEs, device model.

Connector N of 1.6 is kept as EVSE N, connector 1; connector 0 as the station itself.
"""

import datetime

# What a station that is not accepted may send besides BootNotification (2.0.1 B02, B03).
_PENDING_ALLOWS = ("BootNotification", "NotifyReport", "NotifyMonitoringReport")


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
        self.model = {}  # key of component and variable -> report entry
        self.configuration = {}  # 1.6 key -> {"key", "value", "readonly"}
        self.states = {}  # "firmware", "diagnostics", "log" -> last status told
        self.triggered = set()  # actions asked for by TriggerMessage
        self.link = None  # server.Link while connected
        self.since = None  # time of the last (dis)connection
        self.seen = None  # time of the last message
        self.changed = False  # to be saved

    @property
    def connected(self):
        return self.link is not None

    def may_send(self, action):
        """False for what a 2.x station must not send before it is accepted."""
        if self.version == "1.6" or self.registration in ("Accepted", None):
            return True
        if self.registration == "Pending":
            return action in _PENDING_ALLOWS or action in self.triggered
        return action == "BootNotification"

    def expect_evses(self, count):
        """Make EVSEs 1 to count known, each with connector 1."""
        for evse in range(1, count + 1):
            self.evses.setdefault(evse, {}).setdefault(1, {"status": None})
        self.changed = True

    def set_connector(self, evse, connector, **values):
        """Take over a StatusNotification."""
        self.evses.setdefault(evse, {})[connector] = values
        self.changed = True

    def merge_report(self, entries):
        """Take over `reportData` of a NotifyReport."""
        for entry in entries:
            known = self._variable(entry["component"], entry["variable"])
            for attribute in entry["variableAttribute"]:
                _merge_attribute(known, attribute)
            if "variableCharacteristics" in entry:
                known["variableCharacteristics"] = entry["variableCharacteristics"]
        self.changed = True

    def set_variable(self, item, value):
        """Take over one value out of a GetVariables or SetVariables exchange."""
        known = self._variable(item["component"], item["variable"])
        attribute = {"type": item.get("attributeType", "Actual"), "value": value}
        _merge_attribute(known, attribute)
        self.changed = True

    def _variable(self, component, variable):
        evse = component.get("evse", {})
        key = (component["name"], component.get("instance"), evse.get("id"))
        key += (evse.get("connectorId"), variable["name"], variable.get("instance"))
        key = tuple(k.lower() if isinstance(k, str) else k for k in key)
        fresh = {"component": component, "variable": variable, "variableAttribute": []}
        return self.model.setdefault(key, fresh)

    def merge_call(self, action, request, result):
        """Learn from the answer to one of our calls."""
        if action in _LEARN:
            _LEARN[action](self, request, result)
            self.changed = True

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
            "version": self.version,
            "registration": self.registration,
            "boot": self.boot,
            "boot_answer": self.boot_answer,
            "status": self.status,
            "states": self.states,
            "evses": [_evse(e, self.evses[e]) for e in sorted(self.evses)],
        }
        if not brief:
            shown["configuration"] = list(self.configuration.values())
            shown["device_model"] = list(self.model.values())
        return shown

    def saved(self):
        """What survives a restart of the CSMS, as JSON value."""
        keys = ("version", "registration", "boot", "status", "states", "since", "seen")
        values = {k: getattr(self, k) for k in keys}
        evses = [_evse(e, self.evses[e]) for e in sorted(self.evses)]
        configuration = list(self.configuration.values())
        model = list(self.model.values())
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
        self.merge_report(values.get("model", ()))
        self.changed = False


def _evse(id, connectors):
    return {"id": id, "connectors": [dict(connectors[c], id=c) for c in sorted(connectors)]}


def _merge_attribute(entry, attribute):
    kind = attribute.get("type", "Actual")
    for known in entry["variableAttribute"]:
        if known.get("type", "Actual") == kind:
            known.update(attribute)
            return
    entry["variableAttribute"].append(attribute)


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


def _learn_trigger(station, request, result):
    if result.get("status") == "Accepted":
        station.triggered.add(request["requestedMessage"])


_LEARN = {
    "GetConfiguration": _learn_configuration,
    "ChangeConfiguration": _learn_change,
    "GetVariables": _learn_get_variables,
    "SetVariables": _learn_set_variables,
    "TriggerMessage": _learn_trigger,
}
