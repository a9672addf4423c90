# heap: 4M
# timeout: 120
"""A chip without a configuration, and one whose starts fail."""

import json
import os

from chip_script import (
    CONFIG,
    chip,
    fresh,
    leap,
    machine,
    network,
    passed,
    port,
    put,
    root,
    setup,
    start,
)


def test_without_a_configuration_it_is_set_up():
    seen = []

    def act(s):
        assert s.runner is None and "set" in s.commands
        yield from passed(s, 3000)
        seen.extend(network.interfaces)
        assert list(s.commands["set"]('{"id": "cp1"}'))[0].startswith("= error: ocpp.url")
        command = json.dumps({"url": "ws://x/", "id": "cp1", "ssid": "home"})
        assert list(s.commands["set"](command))[0].startswith("= ok")
        yield from passed(s, 10000)

    real, port.identity = port.identity, lambda: "e66118604b123456"
    boards, chip.boards = chip.boards, lambda: ["pico_w"]
    try:
        assert start(act) == "reset"
    finally:
        port.identity, chip.boards = real, boards
    point = seen[0].settings
    assert point["ssid"] == "ocppy-123456" and len(point["key"]) == 10
    with open(root() + "/label") as file:
        assert file.read() == point["key"]
    with open(root() + "/data/config.new") as file:
        assert json.load(file)["board"] == "pico_w"
    fresh()
    found = []

    def again(s):
        yield from passed(s, 5000, s.app)
        found.append(s.runner.config["ocpp"]["id"])

    assert start(again) is None and found == ["cp1"]


def test_lights_show_the_set_up():
    real, chip.boards = chip.boards, lambda: ["pico_w"]
    levels = set()

    def act(s):
        for _ in range(100):
            yield from passed(s, 20)
            levels.add(tuple([machine.pin(n).level for n in (10, 11, 12)]))
        assert machine.pin(10).output and not machine.pin(15).output  # that is the contactor

    try:
        start(act)
    finally:
        chip.boards = real
    assert levels == {(0, 0, 0), (1, 1, 1)}


def test_the_access_point_goes_after_a_while():
    def act(s):
        yield from passed(s, 2000)
        assert network.interfaces[0].active()
        yield from leap(905)
        assert not network.interfaces[0].active()

    start(act)
    assert network.interfaces


def test_too_many_failed_starts_are_safe_mode():
    put(CONFIG)
    with open(root() + "/starts", "w") as file:
        file.write("." * 5)

    def act(s):
        assert s.runner is None
        yield from passed(s, 500)
        assert not machine.pins  # no pin is touched: contactors stay open
        yield from leap(700)

    assert start(act) == "reset"
    assert "starts" not in os.listdir(root())


def test_a_program_that_fails_at_once_ends_in_safe_mode():
    put(CONFIG)
    real = chip._charge

    def broken(*_):
        raise RuntimeError("bug")

    chip._charge = broken
    try:
        for _ in range(5):
            try:
                chip.main(root=root())
                raise AssertionError("ran")
            except RuntimeError:
                pass
    finally:
        chip._charge = real

    def act(s):
        assert s.runner is None
        yield from leap(700)

    assert start(act) == "reset"


__all__ = ("setup",)
