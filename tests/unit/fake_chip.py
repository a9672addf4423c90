"""Puts tests/fakes in place of the modules that chips have: import this before the firmware."""

import json
import sys

sys.path.insert(0, "tests/fakes")
sys.path.append("boards")  # data of boards: of the code only what is compiled may be there

import machine
import network
import simtime

simtime.install()


def power_on(name, cause=machine.PWRON_RESET):
    """A chip of that name, with nothing attached."""
    with open("boards/chips/%s.json" % name) as file:
        machine.power_on(json.load(file), cause)
    del network.interfaces[:]
    network.networks.clear()
    network.cable, network.missing = True, False
