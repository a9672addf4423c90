from support import FakeClock, raises

from ocpp.loopback import Loopback


def test_messages_both_ways_in_order():
    near = Loopback()
    far = near.far
    assert far.far is near
    near.connect("ocpp1.6")
    assert near.connected and far.connected and near.subprotocol == "ocpp1.6" and near.epoch == 1
    assert near.send("a") and near.send("b") and far.send("c")
    assert far.busy and far.recv() == "a" and far.busy and far.recv() == "b" and not far.busy
    assert far.recv() is None and near.recv() == "c" and near.recv() is None


def test_not_connected_refuses():
    near = Loopback()
    assert not near.connected and not near.send("x") and near.far.recv() is None
    raises(TypeError, near.send, b"x")


def test_half_open_swallows_silently():
    near = Loopback()
    near.connect()
    near.online = False
    assert near.send("lost") and near.far.send("lost too")
    assert near.recv() is None and near.far.recv() is None and near.connected
    near.online = True
    near.send("there")
    assert near.far.recv() == "there"


def test_disconnect_loses_what_is_under_way():
    near = Loopback()
    near.connect()
    near.send("x")
    near.disconnect("cable cut")
    assert not near.connected and not near.far.connected and near.error == "cable cut"
    assert near.far.recv() is None and not near.far.busy
    near.connect("ocpp2.0.1")
    assert near.epoch == 2 and near.subprotocol == "ocpp2.0.1" and near.error is None


def test_close_is_for_good_drop_is_not():
    near = Loopback()
    near.connect()
    near.drop()
    assert not near.connected
    near.connect()
    assert near.connected
    near.close(1001, "going")
    assert near.far.code == 1001 and "1001" in near.error
    near.connect()
    assert not near.connected and near.epoch == 2


def test_set_online():
    near = Loopback()
    near.connect("ocpp2.0.1")
    near.set_online(False)
    assert not near.connected and near.error
    near.set_online(True)
    assert near.connected and near.subprotocol == "ocpp2.0.1" and near.epoch == 2


def test_last_rx():
    clock = FakeClock()
    near = Loopback(clock)
    near.connect()
    assert near.last_rx is None
    clock.advance(50)
    near.far.send("x")
    assert near.last_rx == clock.ticks()
