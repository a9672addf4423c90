"""What is taken out of microdot, and that a version with another content is noticed."""

import ast
import sys

import pytest
from mpunit import ROOT

sys.path.insert(0, str(ROOT / "tools"))

from charger_app import build, trim

SOURCE = build._installed("microdot", "microdot.py").read_text()


def names(text):
    tree = ast.parse(text)
    found = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    found |= {n.arg for n in ast.walk(tree) if isinstance(n, (ast.arg, ast.keyword))}
    return found | {n.name for n in ast.walk(tree) if hasattr(n, "name")}


def test_what_goes_and_what_stays():
    left = names(trim.microdot(SOURCE))
    gone = {
        "cookies",
        "url_prefix",
        "subapp",
        "set_cookie",
        "Microdot",
        "orjson",
        "scheme",
    }
    assert gone <= names(SOURCE) and not gone & left
    assert {
        "create",
        "sock",
        "body",
        "args",
        "headers",
        "content_length",
        "body_iter",
        "urldecode",
    } <= left


@pytest.mark.parametrize(
    "old, new, told",
    [
        ("class Microdot:", "class Renamed:", "Microdot"),
        ("self.cookies", "self.biscuits", "cookies"),
        ("url_prefix", "prefix", "url_prefix"),
        (
            "if 'Cookie' in self.headers",
            "if 'Cookies' in self.headers",
            "'Cookie' in self.headers",
        ),
    ],
)
def test_another_version_is_noticed(old, new, told):
    changed = SOURCE.replace(old, new)
    assert changed != SOURCE
    with pytest.raises(KeyError, match=told):
        trim.microdot(changed)
