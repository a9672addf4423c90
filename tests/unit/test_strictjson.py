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


def same(a, b):
    """Equal, an `Objects` being equal to a list of the same."""
    if isinstance(a, strictjson.Objects):
        a = list(a)
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    if isinstance(a, dict):
        return sorted(a) == sorted(b) and all(same(a[k], b[k]) for k in a)
    return a == b


def test_frames_with_long_arrays():
    for text, lazy in (
        ('[2,"i","A",{"l":[{"a":1},{"b":[{"c":"]}"}]} , {}],"x":[{"y":1}]}]', "l"),
        ('[2,"i","A",{"x":[1],"e":[], "l" : [ {"a":"\\ud83d\\ude00 [{"} ] }]', "l"),
        ('[2,"i","A",{"l":[{"a":"\u00e9"},{"a":"\u20ac"}],"n":"\u00fc"}]', "l"),
        ('[2,"i","A",{"l":[{"a":1},5,{"b":2}]}]', None),
        ('[2,"i","A",{"l":[5,{"b":2}]}]', None),
        ('[2,"i","A",{"l":["[",{"b":2}]}]', None),
        ('[2,"i","A",{"l":[[1],{"b":2}]}]', None),
        ('[2,"i","A",{"l":[{"b":2},[]]}]', None),
        ('[2,"i","A",{"o":{"l":[{"b":2}]}}]', None),
        ('[2,"i","A",{"l\\u0041":[{"b":2}]}]', None),
        ('[3,"i",{"l":[{"b":2}]},5]', None),
        ('[[{"b":2}]]', None),
        ('{"l":[{"b":2}]}', None),
        ("5", None),
    ):
        value = strictjson.loads_frame(text)
        assert same(value, json.loads(text) if "ud83d" not in text else strictjson.loads(text)), (
            text
        )
        found = (
            [k for k in value[-1] if isinstance(value[-1][k], strictjson.Objects)]
            if (isinstance(value, list) and isinstance(value[-1], dict))
            else []
        )
        assert found == ([lazy] if lazy else []), text
    objects = strictjson.loads_frame('[2,"i","A",{"l":[{"a":1},{}]}]')[3]["l"]
    assert len(objects) == 2 and objects[1] == {} and raises(IndexError, objects.__getitem__, 2)
    raises(ValueError, strictjson.loads_frame, '[2,"i","A",{"l":[{"a":1},{]}]')
