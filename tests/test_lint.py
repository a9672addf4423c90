"""The static checks as test cases, and tests of the rule checker's own judgement."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import layers  # noqa: E402
import lint  # noqa: E402


@pytest.mark.parametrize("check", lint.CHECKS)
def test_lint(check):
    problems = lint.CHECKS[check]()
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


@pytest.mark.parametrize(
    "name, text",
    [
        ("lib/ocpp/rpc.py", "import socket"),
        ("lib/ocpp/rpc.py", "import time"),
        ("lib/ocpp/rpc.py", "from ocpp.station import connector"),
        ("lib/ocpp/rpc.py", "from ocpp import instance"),
        ("lib/ocpp/rpc.py", "from .station import connector"),
        ("lib/ocpp/clock.py", "import machine"),
        ("lib/ocpp/log.py", "from typing import Any"),
        ("lib/ocpp/station/connector.py", "from ocpp.v16 import dialect"),
        ("lib/ocpp/station/connector.py", "from ..rpc import CallError"),
        ("lib/ocpp/station/connector.py", "def f():\n    '''doc'''\n    return 'ocpp1.6'"),
        ("lib/ocpp/v16/dialect.py", "from ocpp.v2 import dialect"),
        ("lib/wsclient/link.py", "from ocpp.log import log"),
        ("firmware/app.py", "import machine"),
        ("firmware/app.py", "from ocpp.v16.dialect import Dialect"),
    ],
)
def test_a_broken_layer_is_noticed(name, text):
    assert layers.problems(name, text)


@pytest.mark.parametrize(
    "name, text",
    [
        ("lib/ocpp/clock.py", "import time"),
        ("lib/ocpp/rpc.py", "import json\nfrom ocpp.log import log"),
        ("lib/ocpp/instance.py", "from ocpp.v16 import dialect"),
        ("lib/ocpp/v16/dialect.py", "from ocpp.station.connector import Connector"),
        (
            "lib/ocpp/station/connector.py",
            "'''OCPP 1.6 clause'''\n# 1.6\nfrom ocpp.log import log",
        ),
        ("lib/wsclient/link.py", "import socket, ssl, select"),
        ("boards/pico/board.py", "import machine"),
    ],
)
def test_what_the_layers_allow(name, text):
    assert layers.problems(name, text) == []
