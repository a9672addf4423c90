"""How the charger serves its web console, and what it adds to the control API."""

import base64
import gzip
import http.client
import json
import threading
import time

import pytest
from clients import ApiError
from patience import patient

FILES = {"/": "text/html", "/console.css": "text/css", "/console.js": "text/javascript"}


def fetched(cs, path, headers=(), method="GET", body=None):
    """(status, headers in lower case, body) of a request."""
    connection = http.client.HTTPConnection(cs.address, timeout=patient(20))
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, found, answer.read()
    finally:
        connection.close()


def basic(password, user="any"):
    data = base64.b64encode(("%s:%s" % (user, password)).encode()).decode()
    return {"Authorization": "Basic " + data}


def test_the_files(charger):
    cs = charger(wait=False)
    total = 0
    for path, kind in FILES.items():
        status, headers, body = fetched(cs, path)
        assert status == 200 and headers["content-type"] == kind + "; charset=utf-8"
        assert headers["content-encoding"] == "gzip" and int(headers["content-length"]) == len(
            body
        )
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        text = gzip.decompress(body).decode()
        assert "innerHTML" not in text and "https://" not in text and "eval(" not in text
        total += len(body)
        again = fetched(cs, path, {"If-None-Match": headers["etag"]})
        assert again[0] == 304 and again[2] == b""
    assert total <= 60000
    for path in ("/console", "/console.py", "/../config.json", "/www/console.js", "/api.mpy"):
        assert fetched(cs, path)[0] == 404, path


def test_switched_off(charger):
    cs = charger(console={"enabled": False}, wait=False)
    assert fetched(cs, "/")[1]["content-type"] == "text/plain"
    assert fetched(cs, "/console.js")[0] == 404
    assert cs.get("/api/status")["connectors"]


def test_switched_off_by_a_setting(charger, ocpp_csms):
    cs = charger(ocpp_csms)
    assert fetched(cs, "/console.js")[0] == 200
    change = {"key": "ConsoleEnabled", "value": "false"}
    assert ocpp_csms.call("ChangeConfiguration", change) == {"status": "Accepted"}
    assert fetched(cs, "/console.js")[0] == 404


def test_a_password(charger):
    cs = charger(console={"password": "sésame"}, wait=False)
    for path in ("/", "/api/status", "/api/nonsense"):
        status, headers, _ = fetched(cs, path)
        assert status == 401 and headers["www-authenticate"].startswith("Basic ")
    start = time.monotonic()
    assert fetched(cs, "/api/status", basic("sesame"))[0] == 401
    assert time.monotonic() - start > 0.9  # guessing takes time
    assert fetched(cs, "/api/status", basic("sésame"))[0] == 200
    assert fetched(cs, "/api/network", basic("sésame"), "POST", b'{"online": true}')[0] == 200
    assert "sésame" not in json.dumps(json.loads(fetched(cs, "/api/console", basic("sésame"))[2]))


def test_pages_of_other_sites_get_nothing_done(charger):
    cs = charger(wait=False)
    body = b'{"online": false}'
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1"):
        found = fetched(cs, "/api/network", {"Origin": origin}, "POST", body)
        assert found[0] == 403, origin
    assert cs.status()["sim"]["online"] is True
    own = {"Origin": "http://" + cs.address}
    assert fetched(cs, "/api/network", own, "POST", body)[0] == 200


@pytest.mark.parametrize(
    "method, path, body, status",
    [
        ("POST", "/api/speed", {"speed": 0}, 400),
        ("POST", "/api/speed", {"speed": "fast"}, 400),
        ("POST", "/api/speed", {}, 400),
        ("POST", "/api/speed", b"x" * 20000, 413),
        ("POST", "/api/settings", b"[" * 500, 400),
        ("GET", "/api/settings/table?limit=x", None, 400),
        ("GET", "/api/history/1", None, 404),
        ("POST", "/api/history", {}, 405),
        ("GET", "/api/messages?limit=-1", None, 400),
        ("GET", "/api/events?every=x", None, 400),
    ],
)
def test_bad_requests(charger, method, path, body, status):
    cs = charger(wait=False)
    with pytest.raises(ApiError) as error:
        cs.request(method, path, body)
    assert error.value.status == status and list(error.value.body) == ["error"]


def test_settings_with_their_definitions(charger):
    cs = charger(wait=False, settings={"AuthorizationKey": "0123456789abcdef"})
    found = {s["name16"] or s["name2"]: s for s in cs.get("/api/settings/table")["settings"]}
    heartbeat = found["HeartbeatInterval"]
    assert heartbeat["name2"] == "OCPPCommCtrlr.HeartbeatInterval"
    assert (heartbeat["type"], heartbeat["unit"], heartbeat["value"]) == ("int", "s", "300")
    assert heartbeat["readonly"] is False and found["NumberOfConnectors"]["readonly"] is True
    key = found["AuthorizationKey"]
    assert key["secret"] is True and key["value"] is None and key["default"] is None
    plain = cs.get("/api/settings")
    assert {n: s["value"] for n, s in found.items() if s["value"] is not None} == plain
    two = cs.get("/api/settings/table?after=3&limit=2")["settings"]
    assert two == cs.get("/api/settings/table")["settings"][3:5]


def test_lists(charger, ocpp_csms):
    cs = charger(ocpp_csms)
    many = [{"idTag": "T%03d" % i, "idTagInfo": {"status": "Accepted"}} for i in range(200)]
    many[7]["idTagInfo"]["expiryDate"] = "2030-01-01T00:00:00Z"
    many[7]["idTagInfo"]["parentIdTag"] = "G"
    cs.post("/api/local_list", {"version": 5, "entries": many})
    found = cs.get("/api/local_list")["entries"]
    assert [e["idTag"] for e in found] == ["t%03d" % i for i in range(200)]
    assert found[7]["expiry"] == "2030-01-01T00:00:00Z" and found[7]["group"].lower() == "g"
    assert cs.get("/api/local_list?after=198")["entries"] == found[198:]
    cs.post("/api/auth_cache", {"idTag": "C1", "expiry": "2031-01-01T00:00:00Z"})
    entry = {"idTag": "c1", "status": "Accepted", "group": None, "expiry": "2031-01-01T00:00:00Z"}
    assert cs.get("/api/auth_cache")["entries"] == [entry]
    cs.act(1, "plug", current_a=16)
    cs.card("DEADBEEF", connector=1)
    cs.wait_connector(1, status="Charging")
    records = cs.get("/api/transactions")["records"]
    start = next(r for r in records if r["kind"] == "start")
    assert (start["idTag"], start["connector"]) == ("DEADBEEF", 1)
    assert start["open"] is True and start["wh"] == 0


def test_time_goes_at_another_speed(charger, ocpp_csms):
    cs = charger(ocpp_csms)
    cs.post("/api/speed", {"speed": 100})
    before = cs.status()
    cs.wait_until(lambda _: cs.status()["uptime_s"] >= before["uptime_s"] + 100)
    cs.post("/api/speed", {"speed": 1})
    later = cs.status()
    assert later["time"] > before["time"] and later["sim"]["speed"] == 1
    cs.post("/api/speed", {"speed": 0.5})
    assert cs.status()["uptime_s"] - later["uptime_s"] < 20  # it does not jump


def test_statuses_come_every_so_often(charger):
    cs = charger(wait=False)
    connection = http.client.HTTPConnection(cs.address, timeout=patient(20))
    connection.request("GET", "/api/events?every=1")
    answer = connection.getresponse()
    seen = 0
    while seen < 3:  # nothing happens, and yet
        seen += answer.readline().startswith(b"event: status")
    connection.close()


@pytest.mark.slow
def test_an_open_console_costs_little(charger, ocpp_csms):
    """24 kB on a 32-bit board: objects of the unix port are twice as large."""
    cs = charger(ocpp_csms)
    time.sleep(6)  # the code of the API goes with the last client
    first = cs.get("/api/console")["heap"]
    assert first["used"] - first["idle"] < 48 * 1024, first

    def look():
        connection = http.client.HTTPConnection(cs.address, timeout=patient(20))
        connection.request("GET", "/api/events?every=2")
        answer = connection.getresponse()
        while not over.is_set():
            answer.readline()
        connection.close()

    over = threading.Event()
    listener = threading.Thread(target=look, daemon=True)
    listener.start()
    try:
        for path in ("/", "/console.css", "/console.js", "/api/settings/table", "/api/history"):
            assert fetched(cs, path)[0] == 200
        time.sleep(1)
        heap = [cs.get("/api/console")["heap"] for _ in range(5)]
        assert min(h["used"] for h in heap) - first["idle"] < 48 * 1024, (first, heap)
    finally:
        over.set()
        listener.join(patient(10))


def test_lists_of_201(charger, ocpp_csms):
    cs = charger(ocpp_csms, ocpp={"version": "2.0.1"})
    periods = [
        {"startPeriod": 0, "limit": 10},
        {"startPeriod": 600, "limit": 20.5, "numberPhases": 1},
    ]
    schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": periods}
    profile = {
        "id": 5,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule],
    }
    ocpp_csms.call("SetChargingProfile", {"evseId": 1, "chargingProfile": profile})
    (found,) = cs.get("/api/profiles")["profiles"]
    assert (found["id"], found["connector"], found["unit"]) == (5, 1, "A")
    assert found["periods"] == [[0, 10.0, None], [600, 20.5, 1]]
    token = {"idToken": "RR", "type": "ISO14443"}
    until = "2037-01-01T00:00:00Z"
    reserve = {"id": 3, "expiryDateTime": until, "idToken": token, "evseId": 2}
    assert ocpp_csms.call("ReserveNow", reserve)["status"] == "Accepted"
    wanted = {"id": 3, "connector": 2, "idTag": "RR", "group": None, "until": until}
    assert cs.get("/api/reservations")["reservations"] == [wanted]
    secret = {
        "component": {"name": "SecurityCtrlr"},
        "variable": {"name": "BasicAuthPassword"},
        "attributeValue": "0123456789abcdef",
    }
    ocpp_csms.call("SetVariables", {"setVariableData": [secret]})
    assert "0123456789abcdef" not in json.dumps(cs.get("/api/messages"))


@pytest.mark.slow
def test_a_flood_of_requests_does_not_stop_a_session(charger, ocpp_csms):
    """The station goes on, and so does whoever else asks."""
    cs = charger(ocpp_csms)
    over = threading.Event()
    answers = []

    def pour():
        while not over.is_set():
            try:
                answers.append(fetched(cs, "/api/settings/table")[0])
            except (OSError, http.client.HTTPException):
                answers.append(None)

    flood = [threading.Thread(target=pour, daemon=True) for _ in range(6)]
    for one in flood:
        one.start()
    try:
        cs.act(1, "plug", current_a=16)
        cs.card("DEADBEEF", connector=1)
        ocpp_csms.wait_for("StartTransaction", timeout=20)
        cs.wait_connector(1, status="Charging")
        cs.card("DEADBEEF", connector=1)
        ocpp_csms.wait_for("StopTransaction", timeout=20)
    finally:
        over.set()
        for one in flood:
            one.join(20)
    assert 200 in answers and set(answers) <= {200, 503, None}, set(answers)
