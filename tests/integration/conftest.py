"""Fixtures of the integration tests; README.md beside this file tells how to use them."""

import json
import tempfile
from pathlib import Path

import pytest
from clients import ROOT, Csms
from rigs import chargers, checked_csms


@pytest.fixture
def ocpp_csms():
    """A CSMS built on the packages `ocpp` and `websockets`; checks every frame."""
    with checked_csms() as csms:
        yield csms


@pytest.fixture
def charger(ocpp_csms):
    """Starts chargers: `charger(ocpp_csms, speed=10, settings={...})`."""
    # Depends on `ocpp_csms` so that it ends first and its goodbye is still seen.
    with chargers() as maker:
        yield maker


@pytest.fixture
def csms():
    """Starts the shipped CSMS: `csms(config={...})`; its database is new and goes away."""
    made = []
    with tempfile.TemporaryDirectory(prefix="ocppy-test-") as folder:

        def make(config=None, options=()):
            base = Path(folder) / str(len(made))
            command = [ROOT / "tools" / "csms", "--listen", "127.0.0.1:0"]
            command += ["--http", "127.0.0.1:0", "--db", "%s.sqlite" % base, *options]
            if config is not None:
                Path("%s.json" % base).write_text(json.dumps(config))
                command += ["--config", "%s.json" % base]
            made.append(Csms(command))
            return made[-1]

        yield make
        statuses = [m.stop() for m in made]
    for m in made:
        print("--- log of %s\n%s" % (" ".join(m.command), m.log))
    if any(statuses) or any("Traceback" in m.log for m in made):
        pytest.fail("tools/csms ended with %s or left a traceback" % statuses, pytrace=False)
