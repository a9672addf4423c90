# heap: 4M
# timeout: 240
# marks: slow
"""The firmware of each shipped board boots on the chip that is not there and charges a car: volts
of the pilot in, duty and contactor out, frames of the meter, a card, OCPP."""

from fake_station import Firmware, chip_of, machine, shipped


def session(name):
    f = Firmware(name)
    f.run(2500)
    assert (
        f.csms.sent("BootNotification")[0]["chargePointModel"] == f.config["charge_point"]["model"]
    )
    assert f.connector.status == "Available", f.story()
    assert not f.outlet.closed
    part = f.outlet.found["contactor"]
    assert machine.pin(part["pin"]).first == 1 - part["active"], "off from the first moment"
    before = f.outlet.energy_wh
    f.outlet.plug("C", 10)
    begin(f)
    f.until("Charging")
    f.run(1000)
    assert f.outlet.closed and f.outlet.drawn_ma == 10000
    if "pilot" in f.outlet.found:
        amps = min(f.outlet.found["max_a"], 32)
        assert abs(f.outlet.duty - amps * 1000 // 6) <= 1, f.outlet.duty
    f.run(4000)
    assert f.outlet.energy_wh > before + f.outlet.phases, f.outlet.energy_wh - before
    assert not f.board.evses[0].errors, f.board.evses[0].errors
    end(f)
    f.outlet.plug("B")
    f.run(1000)
    assert not f.outlet.closed
    f.outlet.unplug()
    f.until("Available")
    start = f.csms.sent("StartTransaction")[0]
    stop = f.csms.sent("StopTransaction")[0]
    assert start["idTag"] == stop["idTag"] == tag(f), start
    return f, stop["meterStop"] - start["meterStart"], f.outlet.energy_wh - before


def tag(f):
    if f.board.readers:
        return "0011AABBCC" if rdm(f) else "04A1B2C3"
    return f.board._id_tag


def rdm(f):
    return f.plan["rfid"][0]["driver"] == "rdm6300"


def begin(f):
    """Somebody shows who he is."""
    f.run(1000)
    f.card(tag(f))


end = begin


def billed(name):
    f, told, flowed = session(name)
    # The meter is read each second, and its floats have their own idea of a Wh.
    assert told > 0 and abs(told - flowed) <= 3, (told, flowed)
    f.board.close()
    assert not f.outlet.closed


def each(family):
    """All shipped boards of a family of chips; a failure names the board."""
    count = 0
    for name in shipped():
        if chip_of(name)[: len(family)] == family:
            count += 1
            try:
                billed(name)
            except AssertionError as e:
                raise AssertionError("%s: %s" % (name, e)) from None
    return count


def test_boards_with_an_esp32():
    assert each("esp32") >= 6


def test_boards_with_an_rp2():
    assert each("rp2") >= 2
