"""`make run`: the demo session of the README, as a user starts it."""

import signal
import subprocess
import sys

import pytest
from clients import ROOT
from patience import patient

# Its ports are the usual ones, at which chargers with the shipped configuration dial, too.
pytestmark = pytest.mark.xdist_group("charger_process")
DEMO = [sys.executable, str(ROOT / "tools" / "demo.py")]


@pytest.mark.slow
def test_the_demo_session_runs_to_its_end():
    done = subprocess.run([*DEMO, "--once"], capture_output=True, text=True, timeout=patient(120))
    assert done.returncode == 0, done.stdout + done.stderr
    for sign in ("StartTransaction", "MeterValues", "StopTransaction", "Session over"):
        assert sign in done.stdout, done.stdout


def test_the_demo_ends_cleanly_at_ctrl_c():
    demo = subprocess.Popen(
        DEMO, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    seen = []
    for line in demo.stdout:
        seen.append(line)
        if "charger: api" in line:
            demo.send_signal(signal.SIGINT)
            break
    out, err = demo.communicate(timeout=patient(30))
    assert demo.returncode == 0, "".join(seen) + out + err
    assert "stopping" in out and "Traceback" not in err
