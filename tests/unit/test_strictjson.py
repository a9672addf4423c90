import json

from support import raises

from ocpp import strictjson


def test_accepts_what_json_is():
    for text in (
        "{}",
        "[]",
        "null",
        " [1, -2.5, 1e5, 1E-3, 0, -0.0, true, false] ",
        '"a"',
        '{"a":{"b":[[],{}]}}',
        '"\\u00e9\\n\\\\\\""',
        '[2,"id","Action",{"a":"x,]}:{"}]',
        "\t[\r\n1]\n",
    ):
        assert strictjson.loads(text) == json.loads(text), text


def test_rejects_what_is_not():
    for text in (
        "",
        " ",
        '{"a":}',
        '{"a":1,}',
        "[1,]",
        "[1 2]",
        "[,1]",
        "[1,,2]",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "+1",
        '"\\x"',
        '"\\u12g4"',
        '"a',
        "[1]x",
        "[1][2]",
        "{1:2}",
        '{"a" 1}',
        '{"a":1]',
        "[1}",
        "nul",
        "True",
        "NaN",
        "Infinity",
        '"a\nb"',
        "'a'",
        '{"a"}',
        "{,}",
        "[",
        "{",
        '{"a":',
        "]",
        "}",
        '"\\',
        "[\x00]",
        "{a:1}",
        "[" * 30 + "]" * 30,
    ):
        raises(ValueError, strictjson.loads, text)


def test_surrogate_pairs_are_joined():
    assert strictjson.loads('"\\ud83d\\ude00!"') == "\U0001f600!"
    assert strictjson.loads('["\\uD83D","\\ude00x"]') == ["\ufffd", "\ufffdx"]
    assert strictjson.loads('"\\\\ud83d"') == "\\ud83d"
    assert strictjson.loads('"\\u0041\\ud83d\\ude00\\u00e9"') == "A\U0001f600\u00e9"


def test_never_anything_but_value_error():
    seed = 12345
    base = '[2,"1","A",{"k":[1,-2.5e3,true,null,"\\u00e9\\ud83d"]}]'
    for _ in range(3000):
        chars = list(base)
        for _ in range(1 + seed % 3):
            seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
            chars[seed % len(chars)] = '[]{},:"\\0u 9e-.tn'[(seed >> 8) % 17]
        try:
            strictjson.loads("".join(chars))
        except ValueError:
            pass
