"""Sessions with the shipped CSMS, driven over its REST API: what an operator would do by hand."""

import time

import pytest
from clients import ApiError
from core_support import ENERGY, wait_id
from patience import patient

pytestmark = pytest.mark.slow  # together; test_core_session.py is the quick subset

ACCEPTED = {"result": {"status": "Accepted"}}


def station(server):
    return server.get("/api/stations/cp001")


def wait_for(look, timeout=10):
    """Poll until `look()` gives something."""
    end = time.monotonic() + patient(timeout)
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, "not within %d s" % timeout
        time.sleep(0.05)


def stopped(server, number):
    """Transaction `number` once it has ended."""

    def look():
        done = server.get("/api/transactions/%d" % number)
        return done if done.get("reason") else None

    return wait_for(look)


def start(server, cs, number, tag):
    """A remote start of a car that is plugged in: the transaction's id."""
    cs.act(number, "plug", current_a=16)
    payload = {"idTag": tag, "connectorId": number}
    assert server.call("cp001", "RemoteStartTransaction", payload) == ACCEPTED
    cs.wait_connector(number, status="Charging", relay=True)
    return wait_id(cs, number)


@pytest.fixture
def pair(csms, charger):
    server = csms()
    for tag in ("APP1", "CARD2"):
        server.put("/api/tokens/" + tag, {"status": "Accepted"})
    cs = charger(server, speed=10, settings={"MeterValueSampleInterval": "5"})
    return server, cs


def test_two_sessions(pair):
    """One from the app, one with a card; both are in the books with their energy."""
    server, cs = pair
    first = start(server, cs, 1, "APP1")
    cs.act(2, "plug", current_a=6)
    cs.card("CARD2", connector=2)
    cs.wait_connector(2, status="Charging")
    second = wait_id(cs, 2)
    assert first != second
    cs.wait_until(lambda s: s["connectors"][0]["transaction"]["energy_wh"] >= 30)
    cs.card("CARD2", connector=2)
    answer = server.call("cp001", "RemoteStopTransaction", {"transactionId": first})
    assert answer == ACCEPTED
    one, two = stopped(server, first), stopped(server, second)
    assert (one["reason"], two["reason"]) == ("Remote", "Local")
    assert (one["idTag"], two["idTag"]) == ("APP1", "CARD2")
    assert ENERGY in str(one)
    shown = cs.status()["connectors"]
    assert shown[0]["energy_wh"] >= 30 and shown[1]["energy_wh"] < shown[0]["energy_wh"]


def test_everything_an_operator_may_send(pair):
    server, cs = pair
    read = server.call("cp001", "GetConfiguration", {"key": ["NumberOfConnectors", "Nonsense"]})
    assert read["result"]["configurationKey"] == [
        {"key": "NumberOfConnectors", "readonly": True, "value": "2"}
    ]
    assert read["result"]["unknownKey"] == ["Nonsense"]
    change = {"key": "HeartbeatInterval", "value": "120"}
    assert server.call("cp001", "ChangeConfiguration", change) == ACCEPTED
    assert cs.get("/api/settings")["HeartbeatInterval"] == "120"
    off = {"connectorId": 2, "type": "Inoperative"}
    assert server.call("cp001", "ChangeAvailability", off) == ACCEPTED
    cs.wait_connector(2, status="Unavailable")
    assert server.call("cp001", "ClearCache", {}) == ACCEPTED
    number = start(server, cs, 1, "APP1")
    assert server.call("cp001", "UnlockConnector", {"connectorId": 1}) == {
        "result": {"status": "Unlocked"}
    }
    assert stopped(server, number)["reason"] == "UnlockCommand"
    data = {"vendorId": "com.example"}
    answer = server.call("cp001", "DataTransfer", data)
    assert answer == {"result": {"status": "UnknownVendorId"}}
    with pytest.raises(ApiError) as refused:
        server.call("cp001", "Reset", {"type": "Gentle"})
    assert refused.value.status == 400


def test_a_reset_and_a_power_cut(pair):
    server, cs = pair
    first = start(server, cs, 1, "APP1")
    before = cs.last_frame()
    assert server.call("cp001", "Reset", {"type": "Soft"}) == ACCEPTED
    assert stopped(server, first)["reason"] == "SoftReset"
    cs.wait_restarted(before)
    second = start(server, cs, 2, "CARD2")
    cs.kill()
    wait_for(lambda: not station(server)["connected"])
    cs.start()
    assert stopped(server, second)["reason"] == "PowerLoss"
    cs.wait_accepted()


def test_the_csms_restarts(pair):
    """The same database, another process: the session goes on and ends there."""
    server, cs = pair
    cs.post("/api/settings", {"RetryBackOffWaitMinimum": "1", "RetryBackOffRandomRange": "0"})
    number = start(server, cs, 1, "APP1")
    address = server.url.split("//")[1].strip("/")
    server.command[server.command.index("--listen") + 1] = address
    assert server.stop() == 0
    cs.wait_until(lambda s: not s["ocpp"]["connected"])
    assert cs.connector(1)["relay"] is True
    server.start()
    cs.wait_until(lambda s: s["ocpp"]["connected"])
    cs.card("APP1", connector=1)
    assert stopped(server, number)["reason"] == "Local"
