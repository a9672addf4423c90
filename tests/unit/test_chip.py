# heap: 4M
# timeout: 120
"""The charger on a chip that is not there: with and without a network, restarts, the watchdog."""

import os

from chip_script import (
    CONFIG,
    fresh,
    leap,
    machine,
    network,
    passed,
    put,
    root,
    setup,
    simtime,
    start,
    told,
)
from fake_station import Charger, configured


def test_without_a_radio_the_charger_charges_and_says_so():
    put(dict(CONFIG, settings={"AllowOfflineTxForUnknownId": "true"}))
    network.missing = True

    world = Charger(configured("pico_w")["hardware"], "pico_w")

    def act(s):
        yield from passed(s, 5000, s.app)
        connector = s.app().station.connectors[0]
        yield from passed(s, 5000, lambda: connector.status == "Available")
        yield from passed(s, 5000, lambda: any(["no network hardware" in line for line in told]))
        world.outlets[0].plug("C", 10)
        world.hold("04A1B2C3", 0)
        yield from passed(s, 30000, lambda: world.outlets[0].closed)
        assert connector.status == "Charging" and connector.transaction
        assert not s.app().station.online
        lines = list(s.commands["status"](""))
        assert "no network hardware" in lines[0] and any("memory" in line for line in lines)
        assert "starts" in os.listdir(root())
        yield from leap(65)

    assert start(act) is None
    assert not world.outlets[0].closed  # the program has ended
    assert machine.watchdog and "starts" not in os.listdir(root())


def test_wifi_is_joined_and_the_station_dials():
    put(CONFIG)
    network.networks["home"] = "secret99"

    def act(s):
        yield from passed(s, 5000, s.app)
        station = s.app().station
        yield from passed(s, 5000, lambda: station.connection.online)
        assert any("up: 192.168.4.2" in line for line in told), told
        dialled = "warn connection: ws://127.0.0.1:9/cp1: connection refused"
        yield from passed(s, 20000, lambda: any([x.startswith(dialled) for x in told]))
        network.networks.clear()
        yield from passed(s, 5000, lambda: not station.connection.online)
        network.networks["home"] = "secret99"
        yield from passed(s, 60000, lambda: station.connection.online)

    assert start(act) is None


def test_a_restart_is_one_of_the_chip_and_keeps_its_reason():
    put(CONFIG)

    def act(s):
        yield from passed(s, 5000, s.app)
        s.runner.restart("RemoteReset", True)
        yield from passed(s, 5000)

    assert start(act) == "reset"
    assert machine.resets == ["reset"]
    fresh(machine.WDT_RESET)
    reasons = []

    def again(s):
        yield from passed(s, 5000, s.app)
        reasons.append(s.app().station.boot_reason)

    assert start(again) is None
    assert reasons == ["RemoteReset"]


def test_a_hung_loop_is_ended_by_the_watchdog():
    put(CONFIG)

    def act(s):
        yield from passed(s, 5000, s.app)
        simtime.advance(9000)  # nothing else has a turn
        yield

    assert start(act) == "watchdog"
    fresh(machine.WDT_RESET)
    reasons = []

    def again(s):
        yield from passed(s, 5000, s.app)
        reasons.append(s.app().station.boot_reason)

    assert start(again) is None
    assert reasons == ["Watchdog"]


def test_ctrl_c_opens_the_contactors_and_leaves_the_prompt_alive():
    put(CONFIG)

    def act(s):
        yield from passed(s, 5000, s.app)
        raise KeyboardInterrupt

    assert start(act) is None
    simtime.advance(20000)  # the watchdog is fed for the prompt
    assert not machine.resets


def test_ntp_sets_the_clock_until_the_central_system_does():
    import services

    put(CONFIG)
    network.networks["home"] = "secret99"
    asked = []

    def ask(self):
        asked.append(simtime.now_us)

        def answer():
            yield
            return 1795230000

        self._asking = answer()

    real, services.Services._ask = services.Services._ask, ask
    try:

        def act(s):
            yield from passed(s, 5000, s.app)
            yield from passed(s, 30000, lambda: s.app().clock.unix())
            assert 1795230000 <= s.app().clock.unix() <= 1795230030
            yield from passed(s, 2000)

        assert start(act) is None
    finally:
        services.Services._ask = real
    assert len(asked) == 1


__all__ = ("setup",)
