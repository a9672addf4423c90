"""The settings of docs/other-csms.md make the requests that SteVe and CitrineOS expect."""

import base64
import json
import re
import types
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

DOC = Path(__file__).resolve().parents[2] / "docs" / "other-csms.md"
RECIPES = [json.loads(t)["ocpp"] for t in re.findall(r"```json\n(.*?)```", DOC.read_text(), re.S)]
PATHS = {"1.6": "/steve/websocket/CentralSystemService/cp001", "2.0.1": "/cp001"}


@pytest.mark.parametrize("password", [None, "0123456789abcdef"])
@pytest.mark.parametrize("recipe", RECIPES, ids=["SteVe", "CitrineOS"])
def test_recipe(charger, ocpp_csms, recipe, password):
    ocpp_csms.password = password
    more = {"security_profile": 1, "password": password} if password else {}
    path = "/" + recipe["url"].split("/", 3)[3]
    url = ocpp_csms.url.rsplit("/ocpp", 1)[0] + path
    target = types.SimpleNamespace(url=url)
    charger(target, ocpp={**recipe, "url": url, **more})
    path, headers = ocpp_csms.handshakes[0]
    assert path == PATHS[recipe["version"]]
    assert headers["Sec-WebSocket-Protocol"] == "ocpp" + recipe["version"]
    wanted = None
    if password:
        wanted = "Basic " + base64.b64encode(b"cp001:" + password.encode()).decode()
    assert headers.get("Authorization") == wanted
