import micropython
from connection_support import Bench

bench = None


def made(**options):
    global bench
    bench = Bench(**options)
    return bench


def teardown():
    if bench:
        bench.end()


def test_dials_at_once_and_opens():
    b = made()
    b.sv.step()
    assert len(b.links) == 1 and not b.sv.connected and not b.sv.send("x") and b.sv.recv() is None
    link = b.opened()
    assert b.sv.epoch == 1 and b.sv.subprotocol == "ocpp1.6" and b.sv.error is None
    assert b.sv.send("a") and link.sent == ["a"] and b.sv.busy
    link.inbox = ["x", "y"]
    assert b.sv.recv() == "x" and b.sv.busy and b.sv.recv() == "y" and b.sv.recv() is None
    link.full = True
    assert not b.sv.send("b")
    assert b.sv.last_rx == link.last_rx


def test_back_off_doubles_and_stays():
    b = made(minimum=4, repeats=3)
    b.wait()
    waits = []
    for _ in range(6):
        b.links[-1].end("tcp", "connection refused")
        waits.append(b.wait())
    waits = [w // 1000 for w in waits]
    assert waits == [4, 8, 16, 32, 32, 32], waits


def test_back_off_has_a_random_part_each_time():
    for random, least in ((65535, 14), (32768, 9), (0, 4)):
        b = made(random=random, minimum=4, range=10, repeats=0)
        b.wait()
        for _ in range(2):
            b.links[-1].end("dns", "x")
            assert b.wait() // 1000 == least
        teardown()


def test_back_off_settings_are_read_at_each_dial():
    b = made(minimum=4)
    b.wait()
    b.links[-1].end("tcp", "x")
    assert b.wait() // 1000 == 4
    b.settings.values.update(RetryBackOffWaitMinimum=10)
    b.links[-1].end("tcp", "x")
    assert b.wait() // 1000 == 20


def test_back_off_is_bounded():
    b = made(minimum=50000, repeats=16)
    b.wait()
    b.links[-1].end("tcp", "x")
    b.run(1000)
    b.links[-1].state = "closed"
    b.sv._failures = 10000
    assert b.sv._back_off() == 86400 * 1000
    b.settings.values.update(RetryBackOffWaitMinimum=0, RetryBackOffRepeatTimes=0)
    assert b.sv._back_off() == 1000  # never a storm


def test_back_off_starts_anew_after_a_connection_that_lasted():
    b = made(minimum=4)
    b.wait()
    for _ in range(3):
        b.links[-1].end("tcp", "x")
        b.wait()
    b.opened()
    b.run(15000, 100)  # not as long as the last wait, 16 s
    b.links[-1].end("closed", "x")
    assert b.wait() // 1000 == 32
    b.opened()
    b.run(33000, 100)
    b.links[-1].end("closed", "x")
    assert b.wait() // 1000 == 4


def test_accept_and_drop_backs_off_too():
    b = made(minimum=4)
    waits = []
    for _ in range(4):
        b.opened()
        b.links[-1].end("closed", "closed by the server, 1011")
        waits.append(b.wait() // 1000)
    assert waits == [4, 8, 16, 32] and b.sv.epoch == 4


def test_ping_and_pong():
    b = made(ping=30)
    link = b.opened()
    b.run(29900, 100)
    assert link.pings == 0
    b.run(200)
    assert link.pings == 1
    link.pong_seen += 1
    b.run(29000, 100)
    assert b.sv.connected and link.pings == 1
    b.run(1500)
    assert link.pings == 2 and b.sv.connected


def test_half_open_is_found():
    b = made(ping=30, pong_ms=10000)
    link = b.opened()
    b.run(30100, 100)
    assert link.pings == 1
    b.run(9800, 100)
    assert b.sv.connected
    b.run(300)
    assert not b.sv.connected and link.said == "abort"
    assert link.failure == "timeout" and "ping" in b.sv.error and link.url in b.sv.error
    assert b.wait() // 1000 in (3, 4)


def test_any_traffic_is_a_sign_of_life():
    b = made(ping=30, pong_ms=10000)
    link = b.opened()
    b.run(30100, 100)
    assert link.pings == 1
    link.last_rx = b.clock.ticks()  # something else than a pong
    b.run(25000, 100)
    assert b.sv.connected and link.said is None
    b.run(16000, 100)  # but what came before the next ping does not count for it
    assert not b.sv.connected


def test_traffic_before_the_ping_does_not_hide_a_dead_link():
    b = made(ping=5, pong_ms=2000)
    link = b.opened()
    for _ in range(49):
        b.run(100, 100)
        link.last_rx = b.clock.ticks()
    b.run(2300, 100)
    assert link.pings == 1 and not b.sv.connected


def test_ping_interval_acts_at_once():
    b = made(ping=0)
    link = b.opened()
    b.run(300000, 1000)
    assert link.pings == 0 and b.sv.connected
    b.settings.set("WebSocketPingInterval", 10)
    b.run(10100, 100)
    assert link.pings == 1
    link.pong_seen += 1
    b.settings.set("WebSocketPingInterval", 0)
    b.run(60000, 100)
    assert link.pings == 1 and b.sv.connected


def test_interval_shorter_than_the_deadline():
    b = made(ping=5, pong_ms=12000)
    link = b.opened()
    b.run(16500, 100)
    assert link.pings == 3 and b.sv.connected
    b.run(1000, 100)
    assert not b.sv.connected  # 12 s after the first one


def test_network_gone_and_back():
    b = made(minimum=100)
    link = b.opened()
    b.sv.set_online(False)
    assert link.said == "abort" and not b.sv.connected and "network" in b.sv.error
    b.run(500000, 1000)
    assert len(b.links) == 1
    b.sv.set_online(True)
    b.sv.step()
    assert len(b.links) == 2
    b.opened()
    assert b.sv.epoch == 2


def test_network_gone_while_waiting_or_dialling():
    b = made(minimum=100)
    b.wait()
    b.sv.set_online(False)
    assert b.links[0].said == "abort"
    b.sv.set_online(True)
    b.sv.set_online(True)
    b.run(100)
    assert len(b.links) == 2
    b.links[1].end("tcp", "x")
    b.run(1000)
    b.sv.set_online(False)
    b.run(200000, 1000)
    assert len(b.links) == 2 and b.sv.error == "network down"
    b.sv.set_online(True)
    b.sv.step()
    assert len(b.links) == 3


def test_what_starts_the_back_off_anew():
    for act in (
        lambda b: (b.opened(), b.run(40000, 1000), b.sv.drop(), b.links[-1].end(None, None)),
        lambda b: (b.sv.set_online(False), b.sv.set_online(True), b.wait(), b.fail()),
        lambda b: (b.sv.reconnect(), b.wait(), b.fail()),
    ):
        b = made(minimum=4, ping=0)
        b.wait()
        for _ in range(3):
            b.fail()
            b.wait()
        act(b)
        assert b.wait() // 1000 in (3, 4)
        teardown()


def test_close_is_for_good():
    b = made()
    link = b.opened()
    b.sv.close(1001, "stopped")
    assert (
        link.said == (1001, "stopped")
        and not b.sv.connected
        and not b.sv.send("x")
        and b.sv.closed
    )
    steps = link.steps
    b.run(50)
    assert link.steps > steps  # the goodbye goes on
    link.state = "closed"
    b.run(100000, 1000)
    b.sv.set_online(False)
    b.sv.set_online(True)
    b.run(100000, 1000)
    assert len(b.links) == 1 and not b.sv.busy


def test_close_while_dialling_or_waiting():
    b = made()
    b.wait()
    b.sv.close()
    b.run(100000, 1000)
    assert len(b.links) == 1 and b.links[0].state == "closed"


def test_drop_and_reconnect():
    b = made(minimum=4)
    link = b.opened()
    b.sv.drop()
    assert link.said == (1000, "") and not b.sv.connected
    b.run(100)
    link.end(None, None)
    assert b.wait() // 1000 in (3, 4)
    b.opened()
    b.sv.drop(20000)
    b.links[-1].end(None, None)
    assert b.wait() // 1000 in (19, 20)
    b.opened()
    b.sv.reconnect()
    b.links[-1].end(None, None)
    assert b.wait() <= 200
    b.sv.reconnect(5000)  # while dialling
    assert b.wait() // 1000 in (4, 5)
    assert [line for level, line in b.lines if level < 2] == []


def test_bad_url_is_said_and_tried_again():
    b = made(minimum=4)
    b.refusal = ValueError("URL without a host")
    b.run(100)
    assert b.sv.error == "URL without a host" and not b.sv.busy
    b.refusal = None
    assert b.wait() // 1000 in (3, 4)


def test_one_line_for_one_failure():
    b = made(minimum=4)
    b.wait()
    for text in ("refused", "refused", "refused", "HTTP 404", "HTTP 404", "refused"):
        b.links[-1].end("tcp", text)
        b.wait()
    warned = [line for level, line in b.lines if level == 1]
    assert len(warned) == 3 and "HTTP 404" in warned[1], warned
    assert warned[0] == "warn connection: ws://csms/cp1: refused; next try in 4 s", warned[0]
    b.opened()
    assert b.lines[-1] == (2, "info connection: ws://csms/cp1 open, ocpp1.6")
    b.links[-1].end("tcp", "refused")
    b.run(100)
    assert len([line for level, line in b.lines if level == 1]) == 4


def test_idle_is_cheap():
    b = made()
    link = b.opened()
    steps = link.steps
    for _ in range(1000):
        b.sv.step()
    assert link.steps - steps <= 1
    micropython.heap_lock()
    try:
        for _ in range(500):
            b.clock.now = (b.clock.now + 10) & 0x1FFFFFFF
            b.sv.step()
    finally:
        micropython.heap_unlock()
    assert link.steps - steps >= 500


def test_waiting_is_cheap():
    b = made(minimum=1000)
    b.wait()
    b.links[0].end("tcp", "x")
    b.run(100)
    micropython.heap_lock()
    try:
        for _ in range(500):
            b.clock.now = (b.clock.now + 10) & 0x1FFFFFFF
            b.sv.step()
    finally:
        micropython.heap_unlock()
    assert len(b.links) == 1
