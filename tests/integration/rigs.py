"""What the fixtures of `conftest.py` are made of, for fixtures that several tests share."""

import contextlib

import pytest
from clients import ChargerMaker
from ocpp_csms import OcppCsms


@contextlib.contextmanager
def checked_csms():
    """An `OcppCsms`; at the end each broken rule fails."""
    csms = OcppCsms()
    try:
        yield csms
    finally:
        csms.stop()
        print("--- frames\n" + "\n".join(str(f) for f in csms.frames))
    problems = csms.problems()
    if problems:
        pytest.fail("%d broken rules\n" % len(problems) + "\n".join(problems), pytrace=False)


@contextlib.contextmanager
def chargers():
    """A `ChargerMaker`; at the end all are stopped, and what went wrong on the way fails."""
    maker = ChargerMaker()
    problems = []
    try:
        yield maker
    finally:
        problems += maker.finish()
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)
