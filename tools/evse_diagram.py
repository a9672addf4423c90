"""Makes the generated parts of docs/evse.md from lib/evse: `evse_diagram.py [--check]`.

The diagram and the tables of states come from states.py, the timings from timing.py, the faults
from faults.py. With --check nothing is written; exit 1 if the page is not up to date.
"""

import ast
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIB = ROOT / "lib/evse"
PAGE = ROOT / "docs/evse.md"

_MARK = "<!-- made by tools/evse_diagram.py: %s -->\n"
_END = "<!-- end -->\n"
_TIMING = re.compile(r"([A-Z_]+) = const\((-?\d+)\)  # (.*) \[(.*)\]")
_STATE = re.compile(r'    "(\w+)": \(.*\),  # (.*)')
_ENDS = {"gone": "when the car is gone", "reset": "by a reset"}


def names_in(file):
    """What a module of lib/evse defines that imports nothing."""
    found = {}
    exec((LIB / file).read_text(), {"const": lambda value: value}, found)
    return found


def meanings():
    """{event: docstring of its method}"""
    found = {}
    for node in ast.walk(ast.parse((LIB / "controller.py").read_text())):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("_is_"):
            found[node.name[4:]] = ast.get_docstring(node)
    return found


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| %s |\n" % " | ".join(line) for line in lines)


def diagram(states):
    """All transitions; those that every state has to the two of a fault are one arrow each."""
    out = ["```mermaid", "stateDiagram-v2", "    [*] --> Empty"]
    faults = {}
    for state, row in states["TRANSITIONS"].items():
        for event, target in row:
            if event in ("fault", "failed"):
                faults.setdefault((event, target), []).append(state)
            else:
                out.append("    %s --> %s: %s" % (state, target, event))
    for (event, target), sources in faults.items():
        others = [s for s in states["TRANSITIONS"] if s not in sources and s != target]
        out.append("    note left of %s: %s, from all states" % (target, event))
        if others:
            out[-1] += " but " + " and ".join(others)
    return "\n".join([*out, "```", ""])


def state_table(states):
    rows = []
    texts = dict(_STATE.findall((LIB / "states.py").read_text()))
    for name, (pilot, closed, shut) in states["STATES"].items():
        contactor = "may be closed" if closed else "open"
        lock = "locked" if shut else "as the station wants"
        rows.append((name, texts[name], pilot, contactor, lock))
    return table(("state", "what it is", "pilot", "contactor", "plug"), rows)


def transition_table(states):
    rows = []
    texts = meanings()
    for state, row in states["TRANSITIONS"].items():
        for event, target in row:
            rows.append((state, event, texts[event], target))
    return table(("in state", "event", "meaning", "next"), rows)


def timing_table(text):
    """ValueError for a line that names no source."""
    rows = []
    for line in text.splitlines():
        if re.match(r"\w+ = ", line):
            match = _TIMING.fullmatch(line)
            if not match:
                raise ValueError("timing.py: no source in %r" % line)
            name, value, what, source = match.groups()
            rows.append(("`%s`" % name, value, what, source))
    return table(("name", "value", "what", "source"), rows)


def mrec_names():
    """{"CX001": name} of the Minimum Required Error Codes, as the station knows them."""
    tree = ast.parse((ROOT / "lib/ocpp/station/faults.py").read_text())
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "_MREC":
            names = ast.literal_eval(node.value.args[0]).split(",")
            return {"CX%03d" % n: name.split("=")[0] for n, name in enumerate(names, 1)}
    raise ValueError("no _MREC in the station's faults.py")


def fault_table(faults):
    rows = []
    called = mrec_names()
    for line in faults["TABLE"].strip().split("\n"):
        name, code, mrec, ends, flags, words = line.split(" ", 5)
        how = _ENDS.get(ends, "%s s after its cause" % ends)
        stops = "yes" if "s" in flags else "less current"
        kind = "warning" if "w" in flags else "fault"
        pilot = "F" if "f" in flags else ("+12 V" if "s" in flags else "pulses")
        if mrec != "-":
            mrec += " " + called[mrec]
        rows.append((name, words, code, mrec, kind, stops, pilot, how))
    head = ("name", "what", "OCPP 1.6", "MREC", "told as", "stops", "pilot", "ends")
    return table(head, rows)


def parts():
    """{name of a generated part: its text}"""
    states = names_in("states.py")
    return {
        "diagram": diagram(states),
        "states": state_table(states),
        "transitions": transition_table(states),
        "timings": timing_table((LIB / "timing.py").read_text()),
        "faults": fault_table(names_in("faults.py")),
    }


def renewed(page):
    """The page with all its generated parts new. ValueError if one has no place in it."""
    for name, text in parts().items():
        head, mark, rest = page.partition(_MARK % name)
        _, end, tail = rest.partition(_END)
        if not mark or not end:
            raise ValueError("%s has no place for %r" % (PAGE.name, name))
        page = head + mark + text + end + tail
    return page


def main(words):
    old = PAGE.read_text()
    new = renewed(old)
    if words == ["--check"]:
        if new != old:
            sys.exit("%s is not up to date: run tools/evse_diagram.py" % PAGE.name)
    elif words:
        sys.exit(__doc__)
    else:
        PAGE.write_text(new)


if __name__ == "__main__":
    main(sys.argv[1:])
