import os

import micropython
from support import raises
from ws_support import close, decode, drained, fed, frame, put, text

from wsclient.frames import Frames


def refused(data, code, piece=None, **options):
    """`data` makes the client close with `code`."""
    f = Frames(**options)
    got = fed(f, data, piece)
    frames, _, rest = decode(drained(f))
    assert f.error and f.closing, data
    assert not rest and len(frames) == 1 and frames[0][:2] == (1, 8), frames
    assert int.from_bytes(frames[0][2][:2], "big") == code, (data, frames)
    # From now on everything is ignored, and nothing more is said.
    assert fed(f, text("late") + frame(9, b"x")) == [] and f.output() is None
    assert not f.send("x")
    return got


def test_text_at_once_and_byte_by_byte():
    for piece in (None, 1, 2, 3, 7, 100):
        f = Frames()
        data = text("") + text("a") + text("x" * 125) + text("y" * 126) + text("z" * 1000)
        assert fed(f, data, piece) == ["", "a", "x" * 125, "y" * 126, "z" * 1000], piece


def test_messages_wait_until_taken():
    f = Frames()
    put(f, text("one") + text("two") + frame(9, b"p"))
    assert not f.parse() and f.ready
    assert not f.parse() and f.recv() == "one" and f.recv() is None
    assert not f.parse() and f.recv() == "two"
    assert f.parse() and decode(drained(f))[0] == [(1, 10, b"p")]


def test_large_message_grows_the_buffer_and_gives_it_back():
    f = Frames(max_message=70000, start=256)
    big = "\u00e4" * 35000
    for piece in (1000, None):
        assert fed(f, text(big) + text("after"), piece) == [big, "after"]
        assert len(f._view) == 256


def test_fragments_with_pings_between():
    data = (
        frame(1, b"one ", False)
        + frame(9, b"p1")
        + frame(0, b"", False)
        + frame(0, b"two ", False)
        + frame(10, b"")
        + frame(9, b"p2")
        + frame(0, b"three")
        + text("next")
    )
    for piece in (None, 1, 2, 5):
        f = Frames()
        assert fed(f, data, piece) == ["one two three", "next"]
        assert f.pong_seen == 1
        pongs = decode(drained(f))[0]
        assert pongs[-1] == (1, 10, b"p2"), pongs


def test_ping_is_answered_mid_fragment():
    f = Frames()
    assert fed(f, frame(1, b"x" * 300, False) + frame(9, b"now")) == []
    assert decode(drained(f))[0] == [(1, 10, b"now")]
    assert fed(f, frame(0, b"y")) == ["x" * 300 + "y"]


def test_utf8_split_anywhere():
    word = "a\u00df\u20ac\U0001f600z".encode()
    for cut in range(len(word) + 1):
        for piece in (None, 1):
            f = Frames()
            data = frame(1, word[:cut], False) + frame(9) + frame(0, word[cut:])
            assert fed(f, data, piece) == [word.decode()], cut


def test_bad_utf8():
    for bad in (
        b"\xff",
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"ok\xe2\x82",
        b"x" * 200 + b"\x80",
    ):
        refused(text(bad), 1007)
        refused(text(bad), 1007, 1)
    refused(frame(1, b"\xe2\x82", False) + frame(0, b"\x28"), 1007)
    refused(frame(1, b"\xe2", False) + frame(0, b"\x82"), 1007)
    refused(frame(1, b"\xf4\x90", False), 1007)  # before the rest of it has come


def test_protocol_errors():
    refused(frame(2, b"\x00"), 1003)
    for rsv in (0x40, 0x20, 0x10):
        refused(frame(1, b"x", rsv=rsv), 1002)
        refused(frame(9, b"x", rsv=rsv), 1002)
    for op in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        refused(frame(op, b"x"), 1002)
    refused(frame(1, b"mask" + b"body", mask=True, length=4), 1002)
    refused(frame(9, b"maskbody", mask=True, length=4), 1002)
    refused(frame(0, b"x"), 1002)
    refused(frame(1, b"x", False) + text("y"), 1002)
    refused(frame(9, b"x", False), 1002)
    refused(frame(9, b"x" * 126), 1002)
    refused(b"\x89\x7e", 1002)  # by the first two bytes
    refused(b"\x8a\x7f", 1002)
    refused(frame(8, b"\x03\xe8" + b"x" * 124), 1002)
    refused(b"\x81\x7e\x00\x7d" + b"x" * 125, 1002)  # 125 in 16 bits
    refused(b"\x81\x7f" + (65535).to_bytes(8, "big"), 1002)
    refused(b"\x81\x7f\x80" + bytes(7), 1002)  # highest bit set
    assert refused(text("fine") + frame(2), 1003) == ["fine"]


def test_close_frames_that_are_wrong():
    refused(frame(8, b"\x03"), 1002)
    for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535):
        refused(close(code), 1002)
    refused(close(1000, b"\xff"), 1007)


def test_too_big_is_refused_by_the_header():
    refused(b"\x81\x7f" + (1 << 20).to_bytes(8, "big"), 1009)
    refused(b"\x81\x7e" + (101).to_bytes(2, "big"), 1002, max_message=100)
    refused(b"\x81\x7e" + (201).to_bytes(2, "big"), 1009, max_message=200)
    f = Frames(max_message=300)
    assert fed(f, text("x" * 300)) == ["x" * 300]
    refused(
        (frame(1, b"x" * 100, False) + frame(0, b"x" * 100, False)) + frame(0, b"y"),
        1009,
        max_message=200,
    )


def test_endless_fragments():
    refused(frame(1, b"", False) + frame(0, b"", False) * 100, 1008)
    refused(frame(1, b"x" * 100, False) + frame(0, b"x" * 100, False) * 100, 1009)


def test_one_megabyte_allocates_nothing_like_it():
    f = Frames()
    fed(f, b"\x81\x7f" + (1 << 20).to_bytes(8, "big") + b"x" * 1000)
    assert f.error and len(f._view) == 512


def test_close_from_the_server_is_echoed():
    for payload, code, echo in (
        (b"", 1005, b""),
        (b"\x03\xe9bye", 1001, b"\x03\xe9"),
        (b"\x0f\xa0", 4000, b"\x0f\xa0"),
    ):
        f = Frames()
        assert fed(f, text("last") + frame(8, payload) + text("no")) == ["last"]
        assert f.close_code == code and f.close_reason == payload[2:].decode()
        assert decode(drained(f))[0] == [(1, 8, echo)] and f.error is None


def test_close_by_us():
    f = Frames()
    assert f.send("m")
    f.close(1001, "going")
    f.close(1000, "again")
    assert not f.send("x")
    assert decode(drained(f))[0] == [(1, 1, b"m"), (1, 8, b"\x03\xe9going")]
    assert fed(f, text("late") + frame(9, b"late") + close(1001)) == []
    assert f.close_code == 1001 and f.output() is None


def test_close_drops_what_nobody_took():
    f = Frames()
    put(f, text("x"))
    f.parse()
    f.close()
    assert not f.ready and f.recv() is None and f.parse()


def test_close_reason_is_cut_between_characters():
    f = Frames()
    f.close(1000, "\u20ac" * 50)
    payload = decode(drained(f))[0][0][2]
    assert payload[2:].decode() == "\u20ac" * 41


def test_send_is_masked_afresh():
    f = Frames()
    masks = set()
    for n in (0, 1, 3, 63, 64, 65, 125, 126, 500, 504, 505, 1000, 4096):
        message = os.urandom(n // 2)
        message = "".join(["%02x" % c for c in message])
        assert f.send(message) and not f.send("second")
        frames, mask, rest = decode(drained(f, 7))
        assert frames == [(1, 1, message.encode())] and not rest
        masks.add(mask[0])
    assert len(masks) == 13


def test_send_what_is_not_ascii():
    f = Frames()
    f.send("gr\u00fc\u00df \U0001f600 \ud83d\ude00")
    assert decode(drained(f))[0] == [(1, 1, "gr\u00fc\u00df \U0001f600 \U0001f600".encode())]


def test_large_messages_are_fragmented():
    f = Frames(fragment=100)
    message = "0123456789" * 25
    f.send(message)
    frames = decode(drained(f))[0]
    assert [(x[0], x[1], len(x[2])) for x in frames] == [(0, 1, 100), (0, 0, 100), (1, 0, 50)]
    assert b"".join([x[2] for x in frames]) == message.encode()
    f.send("x" * 100)
    assert [x[:2] for x in decode(drained(f))[0]] == [(1, 1)]


def test_control_frames_go_between_fragments():
    f = Frames(fragment=1000)
    f.send("a" * 2500)
    first = bytes(f.output())  # half a frame is on its way
    f.sent(len(first))
    f.ping(b"ours")
    fed(f, frame(9, b"theirs"))
    frames = decode(first + drained(f))[0]
    assert [(x[0], x[1]) for x in frames] == [(0, 1), (1, 10), (1, 9), (0, 0), (1, 0)], frames
    assert frames[1][2] == b"theirs" and frames[2][2] == b"ours"


def test_output_stays_until_sent():
    f = Frames()
    f.send("x" * 300)
    before = bytes(f.output())
    f.ping()
    f.close()
    assert bytes(f.output()) == before


def test_error_while_sending_ends_the_frame_then_closes():
    for fragment in (600, 4096):
        f = Frames(fragment=fragment)
        f.send("a" * 2500)
        first = bytes(f.output())
        f.sent(len(first))
        fed(f, frame(2, b"x"))
        frames, _, rest = decode(first + drained(f))
        assert (
            not rest
            and [x[1] for x in frames] == [1, 8]
            and len(frames[0][2]) == min(2500, fragment)
        )


def test_error_between_fragments_closes_at_once():
    f = Frames(fragment=100)
    f.send("a" * 250)
    first = bytes(f.output())
    f.sent(len(first))
    assert len(first) == 106  # just one fragment
    f.ping(b"y")
    fed(f, frame(9, b"z") + frame(2, b"x"))
    assert [x[1] for x in decode(first + drained(f))[0]] == [1, 8]


def test_ping_flood_is_answered_once_a_turn():
    f = Frames()
    fed(f, frame(9, b"flood") * 1000)
    assert decode(drained(f))[0] == [(1, 10, b"flood")]


def test_parse_is_bounded():
    f = Frames()
    put(f, frame(10) * 100)
    assert not f.parse() and f.pong_seen < 20


def test_ping_payload_limit():
    f = Frames()
    raises(ValueError, f.ping, b"x" * 126)
    f.ping(b"x" * 125)
    assert decode(drained(f))[0] == [(1, 9, b"x" * 125)]


def test_idle_allocates_nothing():
    f = Frames()
    fed(f, text("x"))
    f.send("y")
    drained(f)
    micropython.heap_lock()
    try:
        for _ in range(100):
            f.output()
            f.parse()
            f.room()
    finally:
        micropython.heap_unlock()
    assert f.output() is None


def test_random_traffic_survives():
    # Any bytes whatever: an error or a message, never an exception, never a buffer beyond the
    # limit.
    for seed in range(200):
        f = Frames(max_message=2000, start=256)
        data = os.urandom(300)
        if seed % 2:
            data = bytes([(b & 0x8F) if i % 9 == 0 else b & 0x3F for i, b in enumerate(data)])
        fed(f, data, 1 + seed % 50)
        decode(drained(f))
        assert len(f._view) <= 2000 + 144
