"""Device model of a 2.x station, put together from reports and single values (2.0.1 part 1 §4).

Names are compared whatever their case. Values are kept as the texts they came as; `lookup()` gives
them their type.
"""

from csms_app.schemas import parse_time

_MAX_EXPECTED = 100  # reports asked for and not yet complete


class Ambiguous(LookupError):
    """Several variables fit: name EVSE, connector or instance."""


class DeviceModel:
    """`entries`: key of component and variable -> entry of a report."""

    def __init__(self):
        self.entries = {}

    def merge(self, report_data):
        """Take over `reportData` of a NotifyReport. Returns the keys of its entries."""
        keys = []
        for entry in report_data:
            key, known = self._entry(entry["component"], entry["variable"])
            for attribute in entry["variableAttribute"]:
                _merge_attribute(known, attribute)
            if "variableCharacteristics" in entry:
                known["variableCharacteristics"] = entry["variableCharacteristics"]
            keys.append(key)
        return keys

    def set(self, component, variable, value, attribute="Actual"):
        """Take over one value."""
        _, known = self._entry(component, variable)
        _merge_attribute(known, {"type": attribute, "value": value})

    def keep_only(self, keys):
        """Forget what a complete full inventory has not listed."""
        self.entries = {k: v for k, v in self.entries.items() if k in keys}

    def lookup(self, component, variable, attribute="Actual", **where):
        """Typed value of a variable; None if it has none (a secret, or never read).

        `where`: `evse`, `connector`, `component_instance`, `variable_instance`. What is left out
        is taken as absent, or, if there is no such variable, as any. Raises KeyError, Ambiguous.
        """
        names = ("component_instance", "evse", "connector", None, "variable_instance")
        wanted = [component, *(variable if n is None else where.pop(n, None) for n in names)]
        if where:
            raise TypeError("lookup() knows no %s" % sorted(where)[0])
        entry = self._found(tuple(_low(v) for v in wanted))
        for known in entry["variableAttribute"]:
            if known.get("type", "Actual") == attribute:
                kind = entry.get("variableCharacteristics", {}).get("dataType", "string")
                return typed(kind, known.get("value"))
        return None

    def _found(self, wanted):
        if wanted in self.entries:
            return self.entries[wanted]
        fits = [k for k in self.entries if all(w in (None, v) for w, v in zip(wanted, k))]
        if not fits:
            raise KeyError("no variable %s of %s" % (wanted[4], wanted[0]))
        if len(fits) > 1:
            raise Ambiguous("%d variables %s of %s" % (len(fits), wanted[4], wanted[0]))
        return self.entries[fits[0]]

    def _entry(self, component, variable):
        evse = component.get("evse", {})
        key = (component["name"], component.get("instance"), evse.get("id"))
        key += (evse.get("connectorId"), variable["name"], variable.get("instance"))
        key = tuple(_low(k) for k in key)
        fresh = {"component": component, "variable": variable, "variableAttribute": []}
        return key, self.entries.setdefault(key, fresh)


class Report:
    """An answer to GetBaseReport or GetReport. `missing`: the sequence numbers that never came;
    `complete`: the last part came and none is missing."""

    def __init__(self, request_id, full=False):
        self.request_id = request_id
        self.full = full  # a full inventory: what it does not list does not exist
        self.keys = set()
        self.missing = []
        self.complete = False
        self._seen = set()

    def take(self, seq, keys, more):
        """Take a part. True if it is the last."""
        self._seen.add(seq)
        self.keys.update(keys)
        if more:
            return False
        self.missing = [n for n in range(seq) if n not in self._seen]
        self.complete = not self.missing
        return True


class Reports:
    """The reports a station was asked for."""

    def __init__(self):
        self._open = {}  # request id -> Report

    def expect(self, request_id, full=False):
        """A request for a report was accepted."""
        if len(self._open) >= _MAX_EXPECTED:
            del self._open[next(iter(self._open))]
        self._open[request_id] = Report(request_id, full)

    def expects(self, request_id):
        return request_id in self._open

    def take(self, payload, model):
        """Take a NotifyReport into the model. Returns the Report that ends with it, or None."""
        keys = model.merge(payload.get("reportData", ()))
        report = self._open.get(payload["requestId"])
        if report is None or not report.take(payload["seqNo"], keys, payload.get("tbc", False)):
            return None
        del self._open[report.request_id]
        if report.full and report.complete:
            model.keep_only(report.keys)
        return report

    def clear(self):
        """The station has booted: what it was asked before will not come."""
        self._open.clear()


def typed(kind, text):
    """A value as its `dataType` says; the text itself if it does not keep to that."""
    convert = _TYPES.get(kind)
    if text is None or convert is None:
        return text
    try:
        return convert(text)
    except (ValueError, KeyError):
        return text


def _merge_attribute(entry, attribute):
    kind = attribute.get("type", "Actual")
    for known in entry["variableAttribute"]:
        if known.get("type", "Actual") == kind:
            known.update(attribute)
            return
    entry["variableAttribute"].append(attribute)


def _low(value):
    return value.lower() if isinstance(value, str) else value


def _list(text):
    return [part.strip() for part in text.split(",")] if text.strip() else []


_TYPES = {
    "integer": int,
    "decimal": float,
    "boolean": lambda text: {"true": True, "false": False}[text.lower()],
    "dateTime": parse_time,
    "SequenceList": _list,
    "MemberList": _list,
}
