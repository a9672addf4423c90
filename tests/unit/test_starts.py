"""The note that one start of a chip leaves for the next."""

import os

from starts import SAFE, Starts


def folder():
    return os.getenv("TMPDIR")


def test_failed_starts_are_counted_until_one_is_sound():
    for n in range(SAFE):
        starts = Starts(folder())
        assert starts.begin() and starts.failed == n
    assert not Starts(folder()).begin()
    starts.sound()
    assert Starts(folder()).begin()


def test_the_reason_of_a_restart_is_kept_once():
    Starts(folder()).leave("RemoteReset")
    assert Starts(folder()).reason("Watchdog") == "RemoteReset"
    assert Starts(folder()).reason("Watchdog") == "Watchdog"


def test_a_power_cut_is_one_whatever_was_planned():
    Starts(folder()).leave("FirmwareUpdate")
    assert Starts(folder()).reason("PowerUp") == "PowerUp"


def test_nonsense_on_flash_does_not_count():
    with open(folder() + "/reason", "wb") as file:
        file.write(b"\xff\xfe" * 40)
    assert Starts(folder()).reason("LocalReset") == "LocalReset"


def test_a_flash_that_takes_nothing_does_not_keep_it_from_starting():
    starts = Starts("/no/such/folder")
    assert starts.begin()
    starts.leave("RemoteReset")
    starts.sound()
    assert starts.reason("PowerUp") == "PowerUp"
