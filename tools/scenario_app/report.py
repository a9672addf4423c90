"""What came of scenarios, for others to read: JUnit XML and Mermaid."""

import json
import re
import xml.etree.ElementTree as ET

from scenario_app.frames import CALL, ERROR, RESULT

# Characters XML 1.0 cannot hold
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Not in texts of Mermaid: `;` ends a statement, `#` begins an entity, "%%" a comment
_MERMAID = {"#": "#35;", ";": "#59;", "%": "#37;", "<": "#lt;", ">": "#gt;"}
_SHOWN = 100  # characters of a payload in the diagram


def junit(results):
    """JUnit XML of the results as a text."""
    failed = [r for r in results if r.failure]
    counts = {"tests": str(len(results)), "failures": str(len(failed)), "errors": "0"}
    seconds = "%.3f" % sum(r.seconds for r in results)
    root = ET.Element("testsuites", {**counts, "time": seconds})
    suite = ET.SubElement(
        root, "testsuite", {"name": "scenarios", **counts, "skipped": "0", "time": seconds}
    )
    for r in results:
        attributes = {
            "classname": str(r.scenario.path),
            "name": r.scenario.name,
            "time": "%.3f" % r.seconds,
        }
        case = ET.SubElement(suite, "testcase", attributes)
        if r.failure:
            text = _NOT_XML.sub("?", r.failure)
            failure = ET.SubElement(case, "failure", {"message": text.splitlines()[0]})
            failure.text = text
            output = ET.SubElement(case, "system-out")
            output.text = _NOT_XML.sub("?", "\n".join(json.dumps(f.raw) for f in r.frames))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n%s\n' % ET.tostring(root, encoding="unicode")


def mermaid(result):
    """A sequence diagram of what happened."""
    lines = ["sequenceDiagram", "    title " + _text(result.scenario.name)]
    lines += ["    participant S as Scenario", "    participant C as Charger"]
    ends = {"": "C"}  # name of a charger -> its participant
    for number, name in enumerate(result.scenario.chargers, 1):
        ends[name] = "C%d" % number
        lines.append("    participant C%d as Charger %s" % (number, _text(name)))
    lines += ["    participant M as CSMS"]
    notes = list(result.notes)
    for count, frame in enumerate(result.frames):
        while notes and notes[0][0] <= count:
            lines.append("    Note over S: " + _text(notes.pop(0)[1]))
        lines.append("    " + _arrow(frame, ends[frame.charger]))
    lines += ["    Note over S: " + _text(text) for _, text in notes]
    if result.failure:
        lines.append("    Note over S,M: FAILED " + _text(result.failure))
    return "\n".join(lines) + "\n"


def _arrow(frame, charger):
    ends = (charger, "M") if frame.sender == "charger" else ("M", charger)
    payload = json.dumps(frame.payload if frame.kind else frame.raw)
    if frame.kind == CALL:
        return "%s->>%s: %s %s" % (*ends, _text(frame.action), _text(payload))
    if frame.kind == RESULT:
        return "%s-->>%s: %s %s" % (*ends, _text(frame.action or "answer"), _text(payload))
    if frame.kind == ERROR:
        return "%s--x%s: CALLERROR %s" % (*ends, _text(payload))
    return "%s-x%s: %s" % (*ends, _text(payload))


def _text(text):
    """On one line and without what means something to Mermaid."""
    text = " ".join(str(text).split())
    text = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
    return "".join(_MERMAID.get(c, c) for c in text)
