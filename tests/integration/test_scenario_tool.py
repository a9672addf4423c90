"""`tools/scenario` itself: what it refuses, what it tells, and that wrong expectations fail."""

import os
import random
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from clients import ROOT
from patience import patient

sys.path.insert(0, str(ROOT / "tools"))

from scenario_app import loader, patterns, report, vocabulary
from scenario_app.frames import Frames
from scenario_app.runner import Result

GOOD = """\
name: A card
steps:
  - plug: 1
  - card: {idTag: DEADBEEF, connector: 1}
  - expect: StartTransaction
    save: {tx: answer.transactionId}
  - connector: 1
    is: {status: Charging, transaction: {id: "${tx}"}}
"""
WRONG = """\
name: A wish; with <odd> 100% #characters
steps:
  - plug: 1
  - expect: StatusNotification
    where: {connectorId: 1, status: Charging}
    within: 0.5
"""


def tool(*words, timeout=120):
    command = [str(ROOT / "tools" / "scenario"), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=patient(timeout))


@pytest.fixture
def file(tmp_path):
    def write(text, name="x.yaml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize(
    "text, line, words",
    [
        (
            "name: x\nsteps:\n  - plug: 1\n  - plgu: 1\n",
            4,
            "plgu: unknown step; did you mean plug",
        ),
        ("name: x\nsteps:\n  - plug: [1\n", 4, "expected"),
        ("name: x\nstesp: []\nsteps:\n  - plug: 1\n", 2, "stesp: unknown in the scenario"),
        ("name: x\n", 1, "steps: is missing"),
        ("steps: []\nname: x\n", 1, "steps: must be a list"),
        ("name: x\nsteps:\n  - plug: nowhere\n", 3, "'nowhere' is not accepted"),
        ("name: x\nsteps:\n  - wait: -1\n", 3, "-1 is not accepted; accepted: number above 0"),
        ("name: x\nsteps:\n  - plug: 1\n    wehre: {}\n", 4, "wehre: unknown in plug"),
        ("name: x\nsteps:\n  - repeat: 2\n    steps:\n      - crad: X\n", 5, "crad: unknown step"),
        ("name: x\nname: y\nsteps:\n  - plug: 1\n", 2, "name: is there twice"),
        ("name: x\nsteps:\n  - just a text\n", 3, "is no step"),
        ("- a\n", 1, "must be a mapping"),
        ("", 1, "must be a mapping"),
        ("name: x\nsteps: !!python/object:os.system {}\n", 2, "could not determine"),
        ("name: x\nchargers: [b]\nsteps:\n  - plug: 1\n", 2, "chargers: ['b'] is not accepted"),
        ("name: x\nchargers: {b-1: {}}\nsteps:\n  - plug: 1\n", 2, "letters and digits"),
        (
            "name: x\nchargers: {b: {}}\nsteps:\n  - at: c\n    steps:\n      - plug: 1\n",
            4,
            "at: no charger c; those of `chargers`: b",
        ),
        ("name: x\nsteps:\n  - csms: crash\n", 3, "'crash' is not accepted; accepted: METHOD"),
        ("name: x\nspeed: true\nsteps:\n  - plug: 1\n", 2, "speed: True is not accepted"),
    ],
)
def test_mistakes_are_told_with_their_line(text, line, words):
    with pytest.raises(loader.ScenarioError) as e:
        loader.parse(text, "file.yaml")
    found = re.match(r"file\.yaml:(\d+): (.*)", str(e.value))
    assert found and words in found[2], e.value
    assert int(found[1]) == line, e.value


def test_texts_stay_texts():
    text = "name: x\nsteps:\n  - network: off\n  - misbehave: [{on: call, at: 2026-01-01}]\n"
    steps = loader.parse(text, "x").steps
    assert steps[0] == {"network": "off"}
    assert steps[1]["misbehave"] == [{"on": "call", "at": "2026-01-01"}]


@pytest.mark.parametrize(
    "wanted, seen, fit",
    [
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": None}, {}, False),
        ({"a": {"$absent": True}}, {}, True),
        ({"a": {"$absent": False}}, {}, False),
        ([{"x": 1}], [{"y": 2}, {"x": 1}], True),
        ([{"x": 1}, {"x": 3}], [{"x": 1}], False),
        ([], [1], False),
        ({"$min": 5}, "7", True),
        ({"$min": 5}, "seven", False),
        ({"$max": 5}, None, False),
        ({"$in": ["a", "b"]}, "b", True),
        ({"$not": "a"}, "a", False),
        ({"$like": "^a.c"}, "abcd", True),
        ({"$length": 2}, [1, 2], True),
        ({"$every": {"x": 1}}, [{"x": 1}, {"x": 2}], False),
        ({"$all": [{"$min": 1}, {"$max": 2}]}, 3, False),
    ],
)
def test_patterns(wanted, seen, fit):
    assert patterns.fits(wanted, seen) is fit


def test_an_unknown_condition_is_a_mistake():
    with pytest.raises(ValueError, match=r"\$mni"):
        patterns.fits({"$mni": 1}, 2)


def test_variables():
    now = lambda: "2026-01-01T00:00:00Z"  # noqa: E731
    names = {"tx": 7, "id": "cp"}
    given = {"a": "${tx}", "b": ["/x/${id}/${tx}"], "c": "${now+90}", "d": "${now}"}
    assert patterns.filled(given, names, now) == {
        "a": 7,
        "b": ["/x/cp/7"],
        "c": "2026-01-01T00:01:30Z",
        "d": "2026-01-01T00:00:00Z",
    }
    with pytest.raises(KeyError):
        patterns.filled("${nobody}", names, now)


def test_wrong_use_ends_with_2(file, tmp_path):
    bad = tool(file("name: x\nsteps:\n  - plgu: 1\n"))
    assert bad.returncode == 2 and "x.yaml:3: plgu: unknown step" in bad.stderr
    none = tool(tmp_path / "none.yaml")
    assert none.returncode == 2 and none.stderr.endswith("none.yaml: No such file or directory\n")
    (tmp_path / "b.yaml").write_bytes(b"name: \xff\xfe")
    odd = tool(tmp_path / "b.yaml")
    assert odd.returncode == 2 and "b.yaml: not UTF-8" in odd.stderr
    assert tool().returncode == 2
    assert tool("--speed", "fast", file(GOOD)).returncode == 2
    (tmp_path / "empty").mkdir()
    assert "no *.yaml" in tool(tmp_path / "empty").stderr
    assert tool("--check", file(GOOD)).returncode == 0


MERMAID = re.compile(
    r"sequenceDiagram|    (title [^;]+|participant [SCM]\d* as [\w ]+"
    r"|Note over S(,M)?: [^;#%<>]+|[CM]\d*(->>|-->>|--x|-x)[CM]\d*: [^;#%<>]+)"
)


def assert_valid(text):
    """Each line is a statement of a sequence diagram, with nothing in it that ends it early."""
    for line in text.splitlines():
        plain = re.sub(r"#(\d+|[a-z]+);", "", line)
        assert MERMAID.fullmatch(plain), line


def test_success_and_failure_are_told(file, tmp_path):
    good, wrong = file(GOOD, "good.yaml"), file(WRONG, "wrong.yaml")
    junit, diagrams = tmp_path / "j.xml", tmp_path / "diagrams"
    done = tool("--speed", 20, "--junit", junit, "--mermaid", diagrams, good, wrong)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "ok" in done.stdout and "2 scenarios, 1 failed" in done.stdout
    # File, line, step, what was seen
    assert re.search(r"wrong\.yaml:4: step `expect: StatusNotification", done.stdout)
    assert '"status": "Preparing"' in done.stdout
    root = ET.parse(junit).getroot()
    assert root.attrib["tests"] == "2" and root.attrib["failures"] == "1"
    cases = root.findall("testsuite/testcase")
    assert [c.attrib["name"] for c in cases][0] == "A card"
    assert cases[0].find("failure") is None
    assert "wrong.yaml:4" in cases[1].find("failure").text
    for name in ("good", "wrong"):
        assert_valid((diagrams / (name + ".mmd")).read_text())
    text = (diagrams / "good.mmd").read_text()
    assert text.index("C->>M: BootNotification") < text.index("C->>M: StartTransaction")
    assert "M-->>C: StartTransaction" in text
    assert "FAILED" in (diagrams / "wrong.mmd").read_text()


@pytest.mark.parametrize(
    "step, words",
    [
        ("never: BootNotification", "it came"),
        ("count: BootNotification\n    is: 2", "1 instead of 2"),
        ("call: Reset\n    payload: {type: Odd}", "HTTP 400"),
        ("call: ClearCache\n    answer: {status: Rejected}", "the answer was not"),
        ("call: ClearCache\n    error: InternalError", "was to be refused"),
        ("connector: 1\n    is: {status: Charging}\n    within: 0.2", "connector was not"),
        ("plug: 9", "HTTP 404"),
        ('card: "${nobody}"', "no variable"),
        ("order: [StatusNotification, BootNotification]", "the order was BootNotification"),
        ("call: ClearCache\n    save: {x: no.such}", "no no.such in"),
        ("uploaded: x\n    within: 0.1", "received: nothing"),
        ("csms: start", "the CSMS runs already"),
    ],
)
def test_expectations_that_do_not_hold_fail(step, words, one_runner):
    result = one_runner.play(loader.parse("name: x\nsteps:\n  - %s\n" % step, "x.yaml"))
    assert result.failure and words in result.failure, result.failure
    assert result.failure.startswith("x.yaml:3: step `"), result.failure


@pytest.fixture(scope="module")
def one_runner():
    from scenario_app.runner import Runner

    runner = Runner(speed=20)
    yield runner
    runner.close()


def test_chance_repeats_itself(one_runner):
    text = "name: x\nsteps:\n  - chance: 6\n    seed: 4\n    of:\n"
    text += "      - wait: 0.1\n      - plug: 1\n      - unplug: 1\n"
    results = [one_runner.play(loader.parse(text, "x")) for _ in range(2)]
    assert [r.failure for r in results] == [None, None]
    told = [[t for _, t in r.notes] for r in results]
    assert told[0] == told[1] and len(told[0]) == 7
    dice = random.Random(4)
    acts = ["wait: 0.1", "plug: 1", "unplug: 1"]
    assert told[0][1:] == [dice.choice(acts) for _ in range(6)]


def test_several_chargers_and_a_csms_that_is_killed(tmp_path, one_runner):
    text = """\
name: x
chargers: {b: {}}
steps:
  - plug: 1
  - at: b
    steps:
      - plug: 2
      - expect: StatusNotification
        where: {connectorId: 2, status: Preparing}
      - check: "${id}"
        is: "${id.b}"
  - csms: kill
  - at: b
    steps: [{unplug: 2}]
  - csms: start
  - count: StatusNotification
    where: {connectorId: 2, status: Preparing}
    is: 0
  - at: b
    steps:
      - delivered:
      - expect: StatusNotification
        where: {connectorId: 2, status: Available}
"""
    result = one_runner.play(loader.parse(text, "x"))
    assert result.failure is None, result.failure
    diagram = report.mermaid(result)
    assert_valid(diagram)
    assert "participant C1 as Charger b" in diagram
    assert "C->>M: BootNotification" in diagram and "C1->>M: BootNotification" in diagram
    assert [f.n for f in result.frames] == sorted(f.n for f in result.frames)
    off = "name: x\nsteps:\n  - csms: stop\n  - expect: Heartbeat\n"
    result = one_runner.play(loader.parse(off, "x"))
    assert "csms: no answer to GET" in result.failure


def test_a_variable_nobody_knows_in_a_configuration(one_runner):
    text = 'name: x\ncharger: {ocpp: {ca_file: "${ca_file}"}}\nsteps:\n  - plug: 1\n'
    result = one_runner.play(loader.parse(text, "x.yaml"))
    assert result.failure == "x.yaml: charger: no variable 'ca_file'; known: csms, id"


def test_the_example_of_the_documentation(one_runner):
    text = (ROOT / "docs" / "scenarios.md").read_text()
    example = text.split("```yaml\n")[1].split("```")[0]
    assert one_runner.play(loader.parse(example, "scenarios.md")).failure is None


def test_every_step_is_documented():
    text = (ROOT / "docs" / "scenarios.md").read_text()
    words = [*vocabulary.STEPS, *vocabulary.FIELDS, *vocabulary.TOP]
    assert [w for w in words if not re.search(r"`[^`]*\b%s\b[^`]*`" % w, text)] == []
    assert [c for c in patterns.CONDITIONS if c not in text] == []


def test_refused_frames_fail_a_scenario():
    from types import SimpleNamespace

    from scenario_app.runner import _check_refusals
    from scenario_app.steps import StepFailed

    raw = [[2, "1", "Heartbeat", {"x": 1}], [4, "1", "FormationViolation", "x", {}]]
    messages = [
        {"n": n, "t": "", "dir": d, "frame": f} for n, (d, f) in enumerate(zip(("in", "out"), raw))
    ]
    frames = Frames(lambda after: messages if not after else [])
    frames.update()
    with pytest.raises(StepFailed, match="the CSMS refused"):
        _check_refusals([SimpleNamespace(misbehaves=False, frames=frames)])
    _check_refusals([SimpleNamespace(misbehaves=True, frames=frames)])


def test_reports_take_any_text():
    scenario = loader.parse(WRONG, "x")
    result = Result(scenario)
    result.failure = "x:1: \x00\x1b odd;\n%% `#`"
    result.notes = [(0, "a; b\nc %% <d> #")]
    assert_valid(report.mermaid(result))
    ET.fromstring(report.junit([result]).partition("\n")[2])


def left_over(word):
    """Command lines of processes that bear the word."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has just ended
        if word in line:
            found.append(line)
    return found


def test_an_interrupt_leaves_nothing_behind(file, tmp_path):
    text = GOOD + "  - wait: 10000\n"
    path = file(text)
    process = subprocess.Popen(
        [str(ROOT / "tools" / "scenario"), "-v", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    for line in process.stdout:
        if "wait: 10000" in line:
            break
    assert len(left_over(str(tmp_path))) >= 3  # itself, a charger, a CSMS
    process.send_signal(signal.SIGINT)
    assert process.wait(patient(30)) == 130
    assert "interrupted" in process.stderr.read()
    process.stdout.close()
    process.stderr.close()
    end = time.monotonic() + patient(10)
    while left_over(str(tmp_path)) and time.monotonic() < end:
        time.sleep(0.1)
    assert left_over(str(tmp_path)) == []
