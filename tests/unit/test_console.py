"""The web console's parts on the charger: who is let in, what is hidden, the last hour, files."""

import json

import history
import routes
from console import admits
from frames import suspect
from masks import masked
from support import FakeClock

PASSWORD = "open sesame"


def test_who_is_let_in():
    assert admits(PASSWORD, "Basic YW55Om9wZW4gc2VzYW1l")  # any:open sesame
    assert admits(PASSWORD, "basic Om9wZW4gc2VzYW1l")
    for header in (
        None,
        "",
        "Basic",
        "Basic !",
        "Basic YW55",  # any
        "Basic YW55Og==",  # any:
        "Basic YW55Om9wZW4gc2VzYW1s",  # ...sesaml
        "Basic YW55Om9wZW4gc2VzYW1lIQ==",  # one more
        "Bearer YW55Om9wZW4gc2VzYW1l",
    ):
        assert not admits(PASSWORD, header), header


def hidden(frame):
    text = json.dumps(frame)
    assert suspect(text), text
    return json.loads(masked(text))


def test_secrets_are_hidden():
    for name in ("AuthorizationKey", "aUTHORIZATIONkEY"):
        payload = {"key": name, "value": "s3cret"}
        assert hidden([2, "1", "ChangeConfiguration", payload])[3] == {"key": name, "value": "***"}
    data = {
        "attributeValue": "s3cret",
        "component": {"name": "SecurityCtrlr"},
        "variable": {"name": "BasicAuthPassword"},
    }
    other = dict(data, variable={"name": "OrganizationName"})
    found = hidden([2, "1", "SetVariables", {"setVariableData": [data, other]}])
    values = [d["attributeValue"] for d in found[3]["setVariableData"]]
    assert values == ["***", "s3cret"]
    connection = {
        "basicAuthPassword": "s3cret",
        "ocppCsmsUrl": "wss://u:s3cret@host/x",
        "vpn": {"password": "s3cret", "key": "s3cret", "user": "u"},
        "apn": {"apnPassword": "s3cret", "apn": "net"},
    }
    found = hidden([2, "1", "SetNetworkProfile", {"connectionData": connection}])
    assert "s3cret" not in json.dumps(found)
    assert found[3]["connectionData"]["apn"]["apn"] == "net"
    assert found[3]["connectionData"]["ocppCsmsUrl"] == "wss://***@host/x"
    found = hidden([2, "1", "GetDiagnostics", {"location": "ftp://me:s3cret@h/p?a=@"}])
    assert found[3]["location"] == "ftp://***@h/p?a=@"
    found = hidden([2, "1", "DataTransfer", {"data": '{"password":"s3cret"}'}])
    assert "s3cret" not in json.dumps(found)


def test_what_is_no_secret_stays():
    frame = [2, "1", "ChangeConfiguration", {"key": "HeartbeatInterval", "value": "5"}]
    assert not suspect(json.dumps(frame))
    frame = [2, "1", "UpdateFirmware", {"location": "https://host/a@b"}]
    assert hidden(frame) == frame
    assert masked('[2,"1","x",{"password":') == "***"


class Evse:
    def __init__(self):
        self.power_w = 0
        self.limit_ma = None


class Board:
    def __init__(self):
        self.evses = [Evse(), Evse()]
        self.time = FakeClock()

    def clock(self):
        return self.time


def shown(kept):
    return json.loads("".join(kept.pieces(10000)))


def passes(board, kept, seconds):
    for _ in range(seconds):
        board.time.advance(1000)
        kept.step()


def test_the_last_hour():
    board = Board()
    chores = []
    kept = history.History(board, chores)
    assert chores == [] and kept._ring is None  # nobody has asked
    assert shown(kept)["connectors"][0] == {"id": 1, "power_w": [], "limit_a": []}
    assert chores == [kept]
    board.evses[1].power_w = 11044
    passes(board, kept, 40)
    board.evses[1].limit_ma = 10040
    passes(board, kept, 20)
    found = shown(kept)
    assert found["connectors"][1]["power_w"] == [11040] * 4, found
    assert found["connectors"][1]["limit_a"] == [None, None, None, 10.0]
    assert found["connectors"][0]["power_w"] == [0] * 4
    passes(board, kept, 3500)
    assert len(shown(kept)["connectors"][1]["power_w"]) == 179
    passes(board, kept, 200)
    assert len(shown(kept)["connectors"][1]["power_w"]) == 180
    board.time.advance(7200000)
    kept.step()
    assert kept._ring is None and chores == []  # nobody asks any more


def test_an_age_is_told():
    board = Board()
    kept = history.History(board, [], True)
    passes(board, kept, 25)
    found = shown(kept)
    assert found["every_s"] == 10 and 9990 < found["newest"] <= 10000, found


def test_what_a_real_board_has_not():
    for path in ("connectors/N/plug", "rfid", "network", "speed", "connectors/N/meter"):
        assert routes.find(path) and not routes.find(path, False), path
    for path in ("status", "settings", "parked/resend", "connectors/N/limit", "console"):
        assert routes.find(path, False) == routes.find(path) != {}, path
