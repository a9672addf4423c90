"""The CSMS's page in a browser, with a charger at its other side: every control acts, and nothing
of what comes from outside becomes markup."""

import json
import types

import browser
import pytest
from csms_process import CSMS, VERSIONS_2

pytestmark = [browser.needed, pytest.mark.slow, pytest.mark.xdist_group("browser")]
SCRIPT = "<img src=x onerror=hacked()>"


@pytest.fixture(scope="module")
def chromium():
    with browser.browsing() as running:
        yield running


@pytest.fixture
def central(tmp_path):
    with CSMS(tmp_path) as process:
        process.target = types.SimpleNamespace(url=process.ocpp)
        yield process
        assert "Traceback" not in process.log()


@pytest.fixture
def visit(chromium, central):
    """`visit("stations")` -> a page of Playwright's."""
    pages = []

    def make(section="stations", **more):
        address = central.http[len("http://") :].rstrip("/")
        pages.append(browser.Page(chromium, address, **more))
        return pages[-1].open(section)

    make.pages = pages
    yield make
    for page in pages:
        page.close()


def go(page, section):
    page.locator("nav a[href='#%s']" % section).click()


def shows(page, selector, text):
    """Wait until an element shows a text."""
    page.locator(selector, has_text=text).first.wait_for()


def charging(central, charger, page, version):
    """A charger that charges, started by the page."""
    made = charger(central.target, ocpp={"version": version})
    made.post("/api/connectors/1/plug", {"ev": "C"})
    page.get_by_label("Token for cp001 1", exact=True).fill("DEADBEEF")
    page.get_by_role("button", name="Start cp001 1").click()
    page.get_by_role("button", name="Stop cp001 1").wait_for()
    return made


def test_a_session_by_clicking_then_its_charts(central, charger, visit):
    page = visit()
    made = charging(central, charger, page, "1.6")
    shows(page, ".station", "idle")
    answer = central.api(
        "POST",
        "/api/stations/cp001/call/ChangeConfiguration",
        {"key": "MeterValueSampleInterval", "value": "1"},
    )
    assert answer[1] == {"result": {"status": "Accepted"}}
    made.post("/api/speed", {"speed": 60})
    made.wait_until(lambda status: status["connectors"][0]["transaction"]["energy_wh"] > 20)
    made.post("/api/speed", {"speed": 1})
    page.get_by_role("button", name="Stop cp001 1").click()
    page.get_by_role("button", name="Start cp001 1").wait_for()
    go(page, "transactions")
    shows(page, "#transactions tr", "DEADBEEF")
    page.get_by_role("button", name="Chart of 1 of cp001").click()
    assert page.locator("#charts polyline").first.get_attribute("points").count(",") > 1


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_form_model_and_schedule(central, charger, visit, version):
    page = visit()
    charger(central.target, ocpp={"version": version})
    page.get_by_role("button", name="Open cp001").click()
    old = version == "1.6"

    page.locator("#call-action").select_option("ChangeAvailability")
    if old:
        page.get_by_label("connectorId", exact=True).fill("1")
        page.locator("#call-form").get_by_label("type", exact=True).select_option("Inoperative")
    else:
        page.get_by_label("operationalStatus", exact=True).select_option("Inoperative")
        page.get_by_label("Add a field", exact=True).select_option("evse")
        page.locator("#call-form").get_by_label("id", exact=True).fill("1")
    page.get_by_role("button", name="Send", exact=True).click()
    shows(page, "#call-result", "Accepted")
    frames = [m["frame"] for m in central.get("/api/stations/cp001/messages")["messages"]]
    (sent,) = [f for f in frames if f[0] == 2 and f[2] == "ChangeAvailability"]
    assert sent[3] == (
        {"connectorId": 1, "type": "Inoperative"}
        if old
        else {"operationalStatus": "Inoperative", "evse": {"id": 1}}
    )

    page.get_by_role("button", name="Read from the station").click()
    shows(page, "#model tr", "HeartbeatInterval")
    page.locator("#model-filter").fill("heartbeatinterval")
    assert page.locator("#model tr").count() == 1

    bars = page.get_by_role("slider")
    bars.nth(0).focus()
    page.keyboard.press("PageDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    box = page.locator("#plan").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 2.5 / 24, box["y"] + box["height"] * 0.75)
    values = [bars.nth(i).get_attribute("aria-valuenow") for i in range(4)]
    assert values == ["11", "17", "8", "16"]
    page.locator("#plan-evse").select_option("1")
    page.get_by_role("button", name="Send schedule").click()
    shows(page, "#plan-result", "SetChargingProfile: Accepted")
    page.get_by_role("button", name="Show composite").click()
    shows(page, "#plan-result", "GetCompositeSchedule: Accepted")
    points = page.locator(".composite").get_attribute("points").split()
    limits = [round((180 - float(p.split(",")[1])) / 180 * 32) for p in points]
    assert limits[:6:2] == [11, 17, 8], limits
    page.get_by_role("button", name="Clear", exact=True).click()
    shows(page, "#plan-result", "ClearChargingProfile: Accepted")
    assert central.get("/api/stations/cp001")["profiles"] == []


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_reservations(central, charger, visit, version):
    page = visit()
    made = charger(central.target, ocpp={"version": version})
    page.get_by_role("button", name="Open cp001").click()
    for connector, tag in ((1, "CAFEBABE"), (2, "DEADBEEF")):
        page.locator("#reserve-evse").select_option(str(connector))
        page.locator("#reserve-tag").fill(tag)
        page.locator("#reserve-minutes").fill("30")
        page.get_by_role("button", name="Reserve", exact=True).click()
        shows(page, "#kept-result", "ReserveNow: Accepted")
        shows(page, "#reservations tr", tag)
        made.wait_connector(connector, status="Reserved")
    page.get_by_role("button", name="Cancel reservation 1").click()
    shows(page, "#kept-result", "CancelReservation: Accepted")
    page.locator("#reservations tr", has_text="CAFEBABE").wait_for(state="detached")
    made.wait_connector(1, status="Available")
    # The other one is used, and so it is over.
    made.post("/api/connectors/2/plug", {"ev": "C"})
    made.card("DEADBEEF", connector=2)
    page.locator("#no-reservations").wait_for()
    assert central.get("/api/stations/cp001")["reservations"] == []


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_a_profile_for_the_running_session(central, charger, visit, version):
    page = visit()
    made = charging(central, charger, page, version)
    page.get_by_role("button", name="Open cp001").click()
    page.locator("#plan-evse").select_option("2")
    page.locator("#plan-purpose").select_option("TxProfile")
    page.get_by_role("button", name="Send schedule").click()
    shows(page, "#plan-result", "there is no session at EVSE 2")
    page.locator("#plan-evse").select_option("1")
    page.get_by_role("slider").nth(0).focus()
    page.keyboard.press("PageDown")
    page.get_by_role("button", name="Send schedule").click()
    shows(page, "#plan-result", "SetChargingProfile: Accepted")
    shows(page, "#profiles tr", "TxProfile")
    made.wait_connector(1, limit_a=11.0)
    page.get_by_role("button", name="Show composite").click()
    shows(page, "#plan-result", "GetCompositeSchedule: Accepted")
    first = page.locator(".composite").get_attribute("points").split()[0]
    assert round((180 - float(first.split(",")[1])) / 180 * 32) == 11
    page.locator("#profiles").get_by_role("button", name="Clear profile").click()
    shows(page, "#kept-result", "ClearChargingProfile: Accepted")
    page.locator("#no-profiles").wait_for()
    made.wait_until(lambda _: made.connector(1)["limit_a"] != 11.0)


def test_tokens_and_messages(central, charger, visit):
    charger(central.target)
    page = visit("tokens")
    page.locator("#token-id").fill("NEW1")
    page.locator("#token-status").select_option("Blocked")
    page.locator("#token-type").select_option("ISO14443")
    page.locator("#token-group").fill("FAMILY")
    page.locator("#token-expiry").fill("2031-02-03T04:05")
    page.locator("#token-limit").fill("5000")
    page.get_by_role("button", name="Save").click()
    shows(page, "#tokens tr", "NEW1")
    token = central.get("/api/tokens/NEW1")
    assert token.pop("expiry").startswith("2031-02-0")
    assert token == {
        "idTag": "NEW1",
        "status": "Blocked",
        "type": "ISO14443",
        "group": "FAMILY",
        "limit": {"maxEnergy": 5000},
    }
    page.get_by_role("button", name="Delete token NEW1").click()
    page.locator("#tokens tr", has_text="NEW1").wait_for(state="detached")
    go(page, "messages")
    page.locator("#filter-text").fill("bootnotification")
    line = page.locator("#frames summary", has_text="BootNotification").last
    line.click()
    shows(page, "#frames pre", "chargePointVendor")


def test_misbehaviour_by_the_page(central, charger, visit):
    page = visit("testing")
    page.locator("#mis-do").select_option("half_open")
    page.locator("#mis-action").fill("Heartbeat")
    page.locator("#mis-probability").fill("0.5")
    page.locator("#mis-seed").fill("9")
    page.get_by_role("button", name="Add rule").click()
    shows(page, "#mis-rules tr", "half_open")
    known = central.get("/api/misbehaviour")
    assert known["seed"] == 9
    rule = known["rules"][0]
    assert (rule["do"], rule["action"], rule["probability"]) == ("half_open", "Heartbeat", 0.5)
    page.get_by_role("button", name="Remove rule 1").click()
    page.locator("#mis-none").wait_for()
    assert central.get("/api/misbehaviour")["rules"] == []


@pytest.mark.parametrize(
    "deed, on, fields",
    [
        ("drop", "answer", {}),
        ("delay", "request", {"seconds": 1.5}),
        ("double", "call", {}),
        ("reorder", "answer", {"seconds": 7}),
        ("error", "request", {"code": "SecurityError"}),
        ("close", "answer", {}),
        ("garbage", "answer", {"text": "{}<b>"}),
        ("foreign_id", "call", {}),
    ],
)
def test_every_field_of_a_rule(central, visit, deed, on, fields):
    page = visit("testing")
    page.locator("#mis-do").select_option(deed)
    page.locator("#mis-on").select_option(on)
    page.locator("#mis-station").fill("cp001")
    page.locator("#mis-action").fill("Authorize")
    page.locator("#mis-times").fill("3")
    for name in ("seconds", "code", "text"):
        assert page.locator("#mis-" + name).is_visible() == (name in fields)
    for name, value in fields.items():
        page.locator("#mis-" + name).fill(str(value))
    page.get_by_role("button", name="Add rule").click()
    shows(page, "#mis-rules tr", deed)
    (rule,) = central.get("/api/misbehaviour")["rules"]
    wanted = {"do": deed, "on": on, "station": "cp001", "action": "Authorize", "times": 3}
    wanted.update(fields)
    assert {k: rule[k] for k in wanted} == wanted


def test_misdeeds_are_counted_and_can_be_ended(central, charger, visit):
    page = visit("testing")
    page.locator("#mis-on").select_option("call")
    page.locator("#mis-do").select_option("error")
    assert page.locator("#mis-on").input_value() == "answer"  # an error instead of a CALL: no
    assert page.locator("#mis-on option:disabled").all_text_contents() == ["call"]
    page.locator("#mis-on").select_option("request")
    page.locator("#mis-action").fill("Authorize")
    page.locator("#mis-code").fill("GenericError")
    page.locator("#mis-times").fill("1")
    page.get_by_role("button", name="Add rule").click()
    shows(page, "#mis-rules tr", "code GenericError")
    made = charger(central.target)
    made.post("/api/connectors/1/plug", {"ev": "C"})
    made.card("DEADBEEF", connector=1)
    page.locator("#mis-rules td:nth-child(8)", has_text="1").wait_for()
    frames = [m["frame"] for m in central.get("/api/stations/cp001/messages")["messages"]]
    assert [f[2] for f in frames if f[0] == 4] == ["GenericError"]
    page.locator("#mis-seed").fill("12")
    page.get_by_role("button", name="Begin anew with this seed").click()
    page.locator("#mis-rules td:nth-child(8)", has_text="0").wait_for()
    assert central.get("/api/misbehaviour")["seed"] == 12
    page.get_by_role("button", name="Behave again").click()
    page.locator("#mis-none").wait_for()
    assert central.get("/api/misbehaviour")["rules"] == []


def test_what_stations_say_never_becomes_markup(central, charger, visit):
    config = {"vendor": SCRIPT[:20], "model": SCRIPT[:20], "serial": "1"}
    charger(central.target, charge_point=config)
    central.api("PUT", "/api/tokens/X", {"group": SCRIPT})
    central.api("PUT", "/api/stations/" + "%3Cimg%20src%3Dx%3E", {})
    tag = "<img src=x>"
    central.api("PUT", "/api/tokens/%3Cimg%20src%3Dx%3E", {"status": "Accepted"})
    cs = charger(central.target, ocpp={"id": "tag"})
    cs.post("/api/connectors/1/plug", {"ev": "C"})
    cs.card(tag, connector=1)
    cs.wait_connector(1, status="Charging")
    cs.post("/api/security_event", {"type": SCRIPT, "info": SCRIPT})
    page = visit()
    shows(page, ".station", tag)
    page.get_by_role("button", name="Open cp001").click()
    for section in ("station", "transactions", "tokens", "messages"):
        go(page, section)
        assert page.locator("img").count() == 0
    go(page, "transactions")
    shows(page, "#transactions td", tag)
    page.get_by_role("button", name="Chart of 1 of tag").click()
    shows(page, "#chart-title", "Transaction 1 of tag")
    go(page, "stations")
    page.get_by_role("button", name="Open tag", exact=True).click()
    go(page, "messages")
    shows(page, "#frames", "SecurityEventNotification")
    page.locator("#filter-text").fill("Authorize")
    page.locator("#frames summary", has_text="Authorize").last.click()
    shows(page, "#frames details[open] pre", tag)
    assert page.locator("img, main script").count() == 0


def test_phone_and_keyboard(central, charger, visit):
    charger(central.target)
    page = visit(viewport={"width": 360, "height": 740}, color_scheme="dark")
    for section in ("stations", "station", "transactions", "tokens", "messages", "testing"):
        go(page, section)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, section
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") != "BODY"


def test_the_page_survives_a_restart_of_the_csms(tmp_path, chromium):
    csms = CSMS(tmp_path)
    address = csms.http[len("http://") :].rstrip("/")
    page = browser.Page(chromium, address)
    try:
        page.open("stations")
        shows(page.page, "#live", "live")
        page.excused = True
        csms.stop()
        shows(page.page, "#live", "may be old")
        csms = CSMS(tmp_path, None, "--http", address)
        csms.api("PUT", "/api/stations/fresh", {})
        shows(page.page, ".station", "fresh")
        assert page.page.locator("#live").text_content() == "live"
    finally:
        page.close()
        if csms.process.returncode is None:
            csms.stop()


def test_every_action_has_a_form(central, visit):
    page = visit()
    script = """async (version) => {
      const { build } = await import("/form.js");
      const { api } = await import("/dom.js");
      const all = (await api("GET", "/api/actions/" + version)).actions;
      const wrong = [];
      for (const [action, example] of Object.entries(all)) {
        const { schema } = await api("GET", "/api/schemas/" + version + "/" + action);
        const read = JSON.stringify(build(schema, example).read());
        if (read !== JSON.stringify(example)) wrong.push([action, read, JSON.stringify(example)]);
      }
      return [Object.keys(all).length, wrong];
    }"""
    for version in ("1.6", *VERSIONS_2):
        count, wrong = page.evaluate(script, version)
        assert count > 20
        assert [w for w in wrong if json.loads(w[1]) != json.loads(w[2])] == []
