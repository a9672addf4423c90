"""Variables of the device model (OCPP 2.0.1 B05, B06) as names of settings."""


def spelling(item):
    """`Component[instance].Variable[instance]`, with `@evse.connector` behind it if given."""
    component, variable = item["component"], item["variable"]
    name = _part(component) + "." + _part(variable)
    evse = component.get("evse")
    if evse:
        name += "@%d" % evse["id"]
        if "connectorId" in evse:
            name += ".%d" % evse["connectorId"]
    return name


def _part(named):
    return named["name"] + ("[%s]" % named["instance"] if "instance" in named else "")


def find(settings, item):
    """(canonical name of the setting, None), or (None, status that says what is unknown)."""
    if item.get("attributeType", "Actual") != "Actual":
        other = dict(item)
        del other["attributeType"]
        name, unknown = find(settings, other)
        return None, unknown or "NotSupportedAttributeType"
    name = settings.lookup(spelling(item))
    if name:
        return name, None
    known = "evse" not in item["component"] and _has_component(settings, _part(item["component"]))
    return None, "UnknownVariable" if known else "UnknownComponent"


def _has_component(settings, component):
    from ocpp.station import settings_rules as rules

    low = component.lower() + "."
    known = False
    for d in rules.definitions(()):
        known = known or d[rules.NAME2].lower().startswith(low)
    for name, _, _, _ in settings.rows():  # those of the host; and the rules are let go
        known = known or name.lower().startswith(low)
    return known


def result(item, status, why=None):
    """What a result repeats of its question, with the status; `why`: a reason code."""
    out = {"component": item["component"], "variable": item["variable"], "attributeStatus": status}
    if "attributeType" in item:
        out["attributeType"] = item["attributeType"]
    if why:
        out["attributeStatusInfo"] = {"reasonCode": why}
    return out
