"""The supervision of the connection under odd settings, faults and long times."""

from connection_support import Bench


def broken(*_):
    raise MemoryError


def test_a_huge_random_range_does_not_end_the_dialling():
    b = Bench(random=65535, range=2147483647)
    try:
        assert b.sv._back_off() <= 2 * 86400 * 1000
    finally:
        b.end()


def test_a_connection_of_four_days_is_one_that_lasted():
    b = Bench(minimum=4)
    try:
        b.wait()
        for _ in range(4):
            b.fail()
            b.wait()
        link = b.opened()
        for _ in range(4 * 24 * 60):
            b.clock.advance(60000)
            link.last_rx = b.clock.ticks()
            b.sv.step()
        b.clock.advance(60000)
        link.end("closed", "x")
        b.run(10)
        assert b.wait() // 1000 == 4
    finally:
        b.end()


def test_a_link_that_fails_inside_is_replaced():
    b = Bench(minimum=4)
    try:
        link = b.opened()
        link.step = broken
        b.run(20)
        assert not b.sv.connected and link.said == "abort"
        b.opened()
        assert b.sv.connected and len(b.links) == 2
    finally:
        b.end()
