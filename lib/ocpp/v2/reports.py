"""Reports of the device model (OCPP 2.0.1 B07, B08), told in parts. One report at a time."""

from ocpp.v2 import parts, variables

_MOST = const(6)  # variables in a part
_SLICE = const(6)  # rows looked at in one go
_TROUBLE = const(" Problem Tripped Overload Fallback ")


def is_any(row):
    return True


def is_configuration(row):
    return row[2][variables.ACCESS] != "r"


def is_summary(row):
    """What may be charged at, and what is wrong."""
    variable = row[1]
    if variable == "AvailabilityState":
        return True
    return row[3] == "true" and " %s " % variable in _TROUBLE


BASES = {
    "ConfigurationInventory": is_configuration,
    "FullInventory": is_any,
    "SummaryInventory": is_summary,
}


def refused():
    """The answer while another report is under way."""
    info = {"reasonCode": "Unspecified", "additionalInfo": "another report is under way"}
    return {"status": "Rejected", "statusInfo": info}


def start(dialect, id, wanted):
    """Report the rows for which `wanted(row)`, as a job. Returns the answer to the request."""
    dialect.reporting = True
    dialect.station.jobs.append(_report(dialect, id, wanted))
    return {"status": "Accepted"}


def _report(dialect, id, wanted):
    try:
        items = _items(dialect.station, wanted)
        yield from parts.send(
            dialect, "NotifyReport", "reportData", {"requestId": id}, items, _MOST
        )
    finally:
        dialect.reporting = False


def _items(station, wanted):
    """ReportDataTypes, and None for a pause."""
    measurands = variables.measurable(station)
    for n, row in enumerate(variables.rows(station)):
        component, variable, d, text = row
        if wanted(row):
            yield {
                "component": variables.component_of(component),
                "variable": variables.variable_of(variable),
                "variableAttribute": [variables.attribute(d, text)],
                "variableCharacteristics": variables.characteristics(d, measurands),
            }
        if n % _SLICE == 0:
            yield None


def selected(dialect, request):
    """A generator: GetReport, answered once it is known that there is something to tell."""
    p = request.payload
    station = dialect.station
    criteria = [c.lower() for c in p.get("componentCriteria", ())]
    met, known = set(), {}
    if criteria:
        for component, variable, _, text in variables.rows(station):
            name = variable.lower()
            if name in criteria:
                known.setdefault(component, []).append(name)
                if text == "true":
                    met.add(component)
            yield

    def wanted(row):
        return _meets(row[0], criteria, met, known) and _listed(row, p.get("componentVariable"))

    for row in variables.rows(station):
        if wanted(row):
            request.reply(start(dialect, p["requestId"], wanted))
            return
        yield
    request.reply({"status": "EmptyResultSet"})


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


def _listed(row, wanted):
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
