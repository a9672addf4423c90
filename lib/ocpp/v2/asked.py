"""The variables that a message names, found in the device model (OCPP 2.0.1 B05, B06, N04)."""

from ocpp.v2.variables import rows


def spelling(named, key="component"):
    """(component, variable) that an item means, in lower case."""
    component = named[key]
    name = _part(component)
    evse = component.get("evse")
    if evse:
        name += "@%d" % evse["id"]
        if "connectorId" in evse:
            name += ".%d" % evse["connectorId"]
    return name.lower(), _part(named["variable"]).lower() if "variable" in named else None


def _part(named):
    return named["name"] + ("[%s]" % named["instance"] if "instance" in named else "")


def resolve(station, items, most):
    """A generator whose value is, for each of the first `most` items, [status, definition, text,
    (component, variable)]: "Accepted", or a status that says what is unknown (B05.FR.04 to FR.06,
    B06.FR.06 to FR.08)."""
    wanted, found = [], []
    for item in items:
        if len(found) < most:
            wanted.append(spelling(item) + (item.get("attributeType", "Actual"),))
            found.append(["UnknownComponent", None, None, None])
    for entry in rows(station):
        if entry is None:
            yield
            continue
        component, variable, d, text = entry[1]
        row = component, variable
        component, variable = component.lower(), variable.lower()
        for entry, (c, v, kind) in zip(found, wanted):
            if c == component and entry[1] is None:
                entry[0] = "UnknownVariable"
                if v == variable:
                    known = kind == "Actual"
                    entry[:] = ("Accepted" if known else "NotSupportedAttributeType", d, text, row)
    return found


def result(item, status, why=None):
    """What a result repeats of its question, with the status; `why`: a reason code."""
    out = {"component": item["component"], "variable": item["variable"], "attributeStatus": status}
    if "attributeType" in item:
        out["attributeType"] = item["attributeType"]
    if why:
        out["attributeStatusInfo"] = {"reasonCode": why}
    return out
