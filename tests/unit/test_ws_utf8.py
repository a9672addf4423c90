from wsclient.utf8 import Checker, repaired, valid

# RFC 3629 and the well-known stress cases: (bytes, well formed)
CASES = (
    (b"", True),
    (b"plain", True),
    (b"\x00\x7f", True),
    (b"\xc2\x80\xdf\xbf", True),
    (b"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", True),
    (b"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", True),
    (b"\x80", False),
    (b"\xbf", False),
    (b"\xc0\x80", False),
    (b"\xc1\xbf", False),
    (b"\xe0\x9f\xbf", False),
    (b"\xed\xa0\x80", False),
    (b"\xed\xbf\xbf", False),
    (b"\xf0\x8f\xbf\xbf", False),
    (b"\xf4\x90\x80\x80", False),
    (b"\xf5\x80\x80\x80", False),
    (b"\xfe", False),
    (b"\xff", False),
    (b"\xc3", False),
    (b"\xe2\x82", False),
    (b"\xf0\x9f\x98", False),
    (b"\xe2\x28\xa1", False),
    (b"\xe2\x82\xac\x80", False),
)


def test_cases_at_any_place():
    for data, good in CASES:
        for before in (0, 1, 62, 63, 64, 65):
            for after in (0, 1, 64):
                text = b"a" * before + data + b"z" * after
                assert valid(text) == good, (data, before, after)


def test_cases_in_pieces():
    for data, good in CASES:
        for cut in range(len(data) + 1):
            c = Checker()
            ok = c.feed(memoryview(data), 0, cut) and c.feed(memoryview(data), cut, len(data))
            assert (ok and not c.need) == good, (data, cut)


def test_fails_at_the_first_bad_byte():
    c = Checker()
    assert c.feed(memoryview(b"\xe0"), 0, 1)
    assert not c.feed(memoryview(b"\x80"), 0, 1)
    c = Checker()
    assert c.feed(memoryview(b"\xe2\x82"), 0, 2) and not c.feed(memoryview(b"abc"), 0, 3)


def test_repaired():
    for text in ("", "plain", "gr\u00fc\u00df", "\U0001f600"):
        assert repaired(text) is text
    assert repaired("a\ud83d\ude00b") == "a\U0001f600b"
    assert repaired("\ud83d") == "\ufffd" and repaired("\ude00x") == "\ufffdx"
    assert repaired("\ud83d\ud83d\ude00") == "\ufffd\U0001f600"
    assert valid(repaired("\ud83d\ude00 \udc00 \ud800"))
