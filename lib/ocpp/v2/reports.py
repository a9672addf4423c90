"""Reports of the device model (OCPP 2.0.1 B07, B08): which variables, and what is told of them."""

from ocpp.v2 import variables

_MOST = const(4)  # variables in a part
_TROUBLE = const(" Problem Tripped Overload Fallback ")


def batch(station, wanted, place):
    """See `parts.send`."""
    measurands = variables.measurable(station)
    found = []
    behind = None
    for entry in variables.rows(station, place or (0, 0)):
        if entry is None:
            yield
            continue
        at, row = entry
        if not matches(row, wanted):
            continue
        if len(found) >= _MOST and at != behind:
            return {"reportData": found}, behind
        found.append(_told(row, measurands))
        behind = at
    return {"reportData": found}, None


def _told(row, measurands):
    """ReportDataType."""
    component, variable, d, text = row
    return {
        "component": variables.component_of(component),
        "variable": variables.variable_of(variable),
        "variableAttribute": [variables.attribute(d, text)],
        "variableCharacteristics": variables.characteristics(d, measurands, text),
    }


def matches(row, wanted):
    """`wanted`: name of a base, or (criteria, components that meet one, what components tell of
    them, list of components and variables)."""
    _, variable, d, text = row
    if wanted == "FullInventory":
        return True
    if wanted == "ConfigurationInventory":
        return d[variables.ACCESS] != "r"
    if wanted == "SummaryInventory":  # what may be charged at, and what is wrong
        trouble = text == "true" and " %s " % variable in _TROUBLE
        return trouble or variable == "AvailabilityState"
    criteria, met, known, names = wanted
    return _meets(row[0], criteria, met, known) and listed(row, names)


def selection(station, p):
    """A generator: what a GetReport wants, for `matches`; None: nothing would be told."""
    criteria = [c.lower() for c in p.get("componentCriteria", ())]
    met, known = set(), {}
    if criteria:
        for entry in variables.rows(station):
            if entry is None:
                yield
                continue
            component, variable, _, text = entry[1]
            name = variable.lower()
            if name in criteria:
                known.setdefault(component, []).append(name)
                if text == "true":
                    met.add(component)
    wanted = (criteria, met, known, list(p.get("componentVariable", ())))
    for entry in variables.rows(station):
        if entry is None:
            yield
        elif matches(entry[1], wanted):
            return wanted
    return None


def _meets(component, criteria, met, known):
    """B08: one criterion is enough; what a component does not tell of itself it is, save a
    problem."""
    if not criteria or component in met:
        return True
    told = known.get(component, ())
    for name in criteria:
        if name != "problem" and name not in told:
            return True
    return False


def listed(row, wanted):
    """Among the components and variables of a list; what an entry leaves open may be anything."""
    if not wanted:
        return True
    has = variables.component_of(row[0])
    for entry in wanted:
        if _fits(has, entry["component"]) and _in_place(has.get("evse"), entry["component"]):
            variable = entry.get("variable")
            if variable is None or _fits(variables.variable_of(row[1]), variable):
                return True
    return False


def _fits(has, wanted):
    """Same name, and instance where one is wanted; upper or lower case."""
    if has["name"].lower() != wanted["name"].lower():
        return False
    instance = wanted.get("instance")
    return instance is None or has.get("instance", "").lower() == instance.lower()


def _in_place(has, component):
    wanted = component.get("evse")
    if wanted is None:
        return True
    if has is None or has["id"] != wanted["id"]:
        return False
    number = wanted.get("connectorId")
    return number is None or has.get("connectorId") == number
