"""The charger's web console in a browser: every control acts, everything is shown, nothing of what
comes from outside becomes markup."""

import json
import re

import browser
import pytest
from ocpp_link import CallError

pytestmark = [browser.needed, pytest.mark.slow, pytest.mark.xdist_group("browser")]
SECTIONS = "overview messages settings lists transactions certificates system".split()
SCRIPT = "<img src=x onerror=hacked()>"


@pytest.fixture(scope="module")
def chromium():
    with browser.browsing() as running:
        yield running


@pytest.fixture
def visit(chromium):
    """`visit(charger, "overview")` -> a page of Playwright's; `visit.last`: the `Page`."""
    pages = []

    def make(cs, section="overview", **more):
        make.last = browser.Page(chromium, cs.address, **more)
        pages.append(make.last)
        return make.last.open(section)

    yield make
    for page in pages:
        page.close()


def card(page, number=1):
    return page.locator(".connector").nth(number - 1)


def shows(locator, text):
    """Wait until it shows a text."""
    locator.filter(has_text=re.compile(text)).first.wait_for(state="attached")


def until(cs, number, fits):
    return cs.wait_until(lambda status: fits(status["connectors"][number - 1]))


def evse(cs, number=1):
    """What is simulated of a connector."""
    return cs.status()["sim"]["evses"][number - 1]


def test_a_session_by_clicking(charger, ocpp_csms, visit):
    cs = charger(ocpp_csms)
    page = visit(cs)
    one = card(page)
    shows(one.locator(".status"), "Available")
    one.get_by_label("Draws up to, A").fill("16")
    one.get_by_label("Battery, %").fill("40")
    one.get_by_role("button", name="Plug in").click()
    shows(one.locator(".status"), "Preparing")
    assert evse(cs)["current_a"] == 16 and evse(cs)["soc"] == 40
    one.get_by_label("Identifier").fill("DEADBEEF")
    one.get_by_role("button", name="Hold card").click()
    shows(one.locator(".status"), "Charging")
    shows(one.locator(".facts"), r"11\.0 kW")
    shows(one.locator(".facts"), "DEADBEEF")
    picture = one.locator("svg.picture")
    shows(picture.locator("title"), "car connected.*pilot state C.*contactor closed.*cable locked")
    assert "flows" in picture.get_attribute("class")

    visit.last.excused = True  # the browser tells of the 409
    one.get_by_role("button", name="Pull at the station").click()  # it is locked
    shows(page.locator(".toast.bad"), "locked")
    visit.last.excused = False
    one.get_by_label("State").select_option("B")
    one.get_by_role("button", name="Change the car").click()
    shows(one.locator(".status"), "SuspendedEV")
    one.get_by_role("button", name="Unplug at the car").click()
    shows(one.locator(".status"), "Available")
    assert "plugged" not in picture.get_attribute("class")


def test_every_control_of_a_connector(charger, ocpp_csms, visit):
    cs = charger(ocpp_csms, connectors=1)
    page = visit(cs)
    one = card(page)
    one.locator("summary").click()
    one.get_by_label("Code", exact=True).select_option("HighTemperature")
    one.get_by_label("Info").fill(SCRIPT)
    one.get_by_label("Vendor", exact=True).fill(SCRIPT)
    one.get_by_role("button", name="Raise fault").click()
    shows(one.locator(".status"), "Faulted")
    one.get_by_role("button", name="Clear HighTemperature").click()
    until(cs, 1, lambda c: c["faults"] == [])
    one.get_by_label("Code", exact=True).select_option("CX003")
    one.get_by_role("button", name="Raise fault").click()
    shows(one.locator(".faults"), "CX003")
    one.get_by_role("button", name="Clear all").click()
    until(cs, 1, lambda c: c["faults"] == [])

    one.get_by_role("button", name="Plug in").click()
    for name, key, on in (
        ("Car's pilot diode missing", "diode", False),
        ("Lock jammed", "jam", True),
        ("Parking bay occupied", "occupied", True),
        ("Meter signs its values", "signed", True),
    ):
        box = one.get_by_label(name)
        box.check()
        cs.wait_until(lambda _, key=key, on=on: evse(cs)[key] is on)
        box.uncheck()
        cs.wait_until(lambda _, key=key, on=on: evse(cs)[key] is not on)
    one.get_by_label("Pilot line").select_option("F")
    until(cs, 1, lambda c: c["ev"] == "F")
    one.get_by_label("Pilot line").select_option("")
    until(cs, 1, lambda c: c["ev"] == "C")
    one.get_by_label("Register, Wh").fill("123456")
    one.get_by_role("button", name="Set meter").click()
    until(cs, 1, lambda c: c["energy_wh"] == 123456)
    one.get_by_label("Identifier").fill(SCRIPT[:20])
    one.get_by_label("Kind").select_option("KeyCode")
    one.get_by_role("button", name="Hold card").click()
    assert ocpp_csms.wait_for("Authorize")["idTag"] == SCRIPT[:20]
    one.get_by_label("Limit here, A").fill("9.5")
    one.get_by_label("for, s").fill("600")
    one.get_by_role("button", name="Set limit").click()
    shows(one.locator(".why"), r"9\.5 A: limit set at the charger.*Then no limit in")
    one.get_by_label("Limit here, A").fill("")
    one.get_by_role("button", name="Set limit").click()
    shows(one.locator(".why"), "No profile limits it")
    assert page.evaluate("document.images.length") == 1  # the sign in the head


def test_the_world(charger, ocpp_csms, visit):
    cs = charger(ocpp_csms, connectors=1)
    page = visit(cs)
    network = page.get_by_label("Network")
    network.uncheck()
    shows(page.locator("#link"), "not connected")
    network.check()
    shows(page.locator("#link"), "Accepted")
    page.get_by_label("Speed of time").select_option("60")
    cs.wait_until(lambda _: cs.status()["sim"]["speed"] == 60)
    before = cs.status()["uptime_s"]
    cs.wait_until(lambda _: cs.status()["uptime_s"] > before + 60)
    page.get_by_label("Speed of time").select_option("1")
    page.get_by_label("Security event").fill("TamperDetectionActivated")
    page.get_by_role("button", name="Raise event").click()
    ocpp_csms.wait_for("SecurityEventNotification", lambda p: p["type"].startswith("Tamper"))
    for name in ("Power cut", "Watchdog", "Reset"):
        boots = len(ocpp_csms.calls("BootNotification"))
        page.get_by_role("button", name=name, exact=True).click()
        cs.wait_until(lambda _, n=boots: len(ocpp_csms.calls("BootNotification")) > n)
        shows(page.locator("#link"), "Accepted")


def test_charts_draw(charger, ocpp_csms, visit):
    cs = charger(ocpp_csms, speed=200)
    cs.act(1, "plug", current_a=16)
    cs.card("DEADBEEF", connector=1)
    cs.wait_connector(1, status="Charging")
    cs.post("/api/connectors/1/limit", {"current_a": 10})
    until(cs, 1, lambda c: c["limit_a"] == 10)

    def lasted(_):  # ten minutes of the charger's time
        found = cs.get("/api/history")["connectors"][0]
        return found["power_w"].count(6900) >= 60

    cs.wait_until(lasted, timeout=60)
    cs.post("/api/speed", {"speed": 1})
    page = visit(cs)
    chart = card(page).locator("svg.chart")
    for part in ("path.line.power", "path.line.limit", "path.area"):
        # All of it is drawn anew with each news: a part is asked of the whole.
        wide = "(node, part) => node.querySelector(part)?.getBoundingClientRect().width > 60"
        browser.until(lambda p=part, wide=wide: chart.evaluate(wide, p), part)
    labels = chart.locator("text").all_text_contents()
    assert any("kW" in t for t in labels) and any(" A" in t for t in labels)
    assert sum(bool(re.fullmatch(r"\d\d:\d\d", t)) for t in labels) >= 3
    chart.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert chart.locator(".cursor").count() == 1
    shows(card(page).locator(".told"), r"6\.90 kW, 10 A")


def test_messages(charger, ocpp_csms, visit):
    ocpp_csms.tolerate("csms", "it answers with an error on purpose")
    cs = charger(ocpp_csms)
    ocpp_csms.on("DataTransfer", CallError("GenericError", SCRIPT))
    ocpp_csms.call("ChangeConfiguration", {"key": "AuthorizationKey", "value": "0123456789abcdef"})
    with pytest.raises(CallError):
        ocpp_csms.call("NoSuchAction", {}, check=False)
    page = visit(cs, "messages", permissions=["clipboard-read", "clipboard-write"])
    log = page.locator(".log")
    shows(log.locator("li"), "BootNotification")
    shows(log.locator("li.call"), r'ChangeConfiguration.*"value":"\*\*\*"')
    assert "0123456789abcdef" not in page.content()
    shows(log.locator("li.error"), "NoSuchAction")  # our CALLERROR stands out
    shows(log.locator("li.result .mark"), r"\d+ ms")

    page.get_by_label("Filter").fill("bootnotification")
    row = log.locator("li").first
    shows(page.locator(".hint"), r"^2 of \d+")
    assert log.locator("li").count() == 2
    row.locator("summary").click()
    shows(row.locator("pre"), '"status": "Accepted"')
    assert row.locator("pre .n").count() >= 3  # in colours
    row.get_by_role("button", name="Copy").click()
    shows(page.locator(".toast"), "Copied")
    assert json.loads(page.evaluate("navigator.clipboard.readText()"))[0] == 3
    page.get_by_label("Filter").fill("")
    page.get_by_label("Direction").select_option("in")
    page.get_by_label("Kind").select_option("2")
    log.locator("li").first.wait_for()
    assert set(log.locator("li .way").all_text_contents()) == {"←"}
    cs.act(2, "plug")
    page.get_by_label("Direction").select_option("out")
    shows(log.locator("li"), "StatusNotification.*Preparing")  # news come by themselves


def test_settings(charger, ocpp_csms, visit):
    cs = charger(ocpp_csms)
    page = visit(cs, "settings")
    search = page.get_by_label("Search")
    page.locator(".setting").first.wait_for()
    page.locator("body").press("/")
    assert search.evaluate("node => node === document.activeElement")
    search.fill("HeartbeatInterval")
    row = page.locator(".setting:not([hidden])")
    assert row.count() == 1
    shows(row, "OCPPCommCtrlr.HeartbeatInterval")
    shows(row.locator(".hint"), "whole number from 0 s; default 300")
    row.get_by_label("HeartbeatInterval").fill("77")
    row.get_by_role("button", name="Save").click()
    cs.wait_until(lambda _: cs.get("/api/settings")["HeartbeatInterval"] == "77")
    row.get_by_role("button", name="Default").click()
    cs.wait_until(lambda _: cs.get("/api/settings")["HeartbeatInterval"] == "300")
    visit.last.excused = True  # the browser tells of the 400
    row.get_by_label("HeartbeatInterval").fill("-5")
    row.get_by_role("button", name="Save").click()
    shows(row.locator(".wrong"), "accepted|number")
    visit.last.excused = False
    search.fill("NumberOfConnectors")
    shows(row, "read-only")
    assert row.get_by_label("NumberOfConnectors").is_disabled()
    search.fill("AuthorizationKey")
    shows(row, "secret")
    assert row.get_by_label("AuthorizationKey").input_value() == ""


def test_lists_and_logs(charger, ocpp_csms, visit):
    cs = charger(ocpp_csms, settings={"TransactionMessageAttempts": "1"})
    entries = [
        {"idTag": "<b>bold</b>", "idTagInfo": {"status": "Blocked"}},
        {
            "idTag": "AA",
            "idTagInfo": {"status": "Accepted", "expiryDate": "2020-01-01T00:00:00Z"},
        },
    ]
    cs.post("/api/local_list", {"version": 1, "entries": entries})
    cs.post("/api/auth_cache", {"idTag": "CACHED", "status": "Accepted", "group": "G"})
    ocpp_csms.call(
        "ReserveNow",
        {
            "connectorId": 2,
            "expiryDate": "2037-01-01T00:00:00Z",
            "idTag": "RSV",
            "reservationId": 4,
        },
    )
    periods = [{"startPeriod": 0, "limit": 20.5}, {"startPeriod": 3600, "limit": 6}]
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": periods}
    ocpp_csms.call(
        "SetChargingProfile",
        {
            "connectorId": 1,
            "csChargingProfiles": {
                "chargingProfileId": 9,
                "stackLevel": 2,
                "chargingProfilePurpose": "TxDefaultProfile",
                "chargingProfileKind": "Relative",
                "chargingSchedule": schedule,
            },
        },
    )
    page = visit(cs, "lists")
    shows(page.locator("td"), "<b>bold</b>")
    shows(page.locator("td"), "expired")
    shows(page.locator("td"), "cached")
    shows(page.locator("tr"), "4.*2.*RSV")
    shows(page.locator(".profilecard"), "9: TxDefaultProfile.*20.5 A")
    assert page.locator(".profile rect").count() == 2
    page.get_by_role("button", name="Clear").click()
    cs.wait_until(lambda _: cs.get("/api/auth_cache")["entries"] == [])

    ocpp_csms.on("StartTransaction", CallError("InternalError", "no"), times=1)
    cs.act(1, "plug")
    cs.card("DEADBEEF", connector=1)
    cs.wait_until(lambda _: cs.status()["ocpp"]["parked"] == 1)
    page = visit(cs, "transactions")
    shows(page.locator("section").first.locator("tr"), "start")
    shows(page.locator("section").nth(1).locator("tr"), "start.*1")
    page.get_by_role("button", name="Send again").click()
    cs.wait_until(lambda _: cs.status()["ocpp"]["parked"] == 0)


def test_certificates_and_system(charger, ocpp_csms, visit, tmp_path):
    from ws_certificates import Authority

    authority = Authority(tmp_path)
    cs = charger(ocpp_csms, ocpp={"certificates": {"V2GRootCertificate": [authority.pem]}})
    page = visit(cs, "certificates")
    shows(page.locator("tr"), "V2GRootCertificate")
    assert page.locator("td .badge").count() >= 1  # how long it is valid
    page = visit(cs, "system")
    for text in ("Free heap", "Wear", "Last frame", "Signal", "Identity", "simulated network"):
        shows(page.locator("main"), text)
    page.get_by_role("button", name="Examine").click()
    shows(page.locator("main"), "accept|Accepted")


def test_nothing_becomes_markup(charger, ocpp_csms, visit):
    point = {"vendor": SCRIPT[:20], "model": "<b>Sim</b>", "serial": "'><script>"}
    cs = charger(ocpp_csms, charge_point=point)
    cs.card(SCRIPT[:20], connector=1)
    cs.post("/api/security_event", {"type": SCRIPT, "info": SCRIPT})
    page = visit(cs)
    for section in SECTIONS:
        visit.last.open(section)
        shows(page.locator("#model"), re.escape(SCRIPT[:20]))
        assert page.locator("main img, main script, main b b, #model *").count() == 0
    visit.last.open("messages")
    shows(page.locator(".log li"), re.escape(SCRIPT[:20]))


def test_silence_and_restarts(charger, ocpp_csms, visit):
    cs = charger(ocpp_csms)
    page = visit(cs)
    shows(page.locator("#live"), "live")
    visit.last.excused = True
    cs.kill()
    shows(page.locator("#stale"), "silent.*from [0-9:]{8}")
    assert page.locator("body.stale").count() == 1
    cs.start()
    shows(page.locator("#live"), "^live$")
    page.locator("#stale").wait_for(state="hidden")
    cs.act(1, "plug")
    shows(card(page).locator(".status"), "Preparing")  # it has gone on without a click
    page.get_by_role("link", name="Messages").click()
    shows(page.locator(".log li"), "BootNotification")
    assert (
        page.locator(".log li.call", has_text="BootNotification").count() == 1
    )  # of this process


def test_keyboard_phone_and_dark(charger, ocpp_csms, visit):
    cs = charger(ocpp_csms)
    phone = {"width": 360, "height": 740}
    page = visit(cs, viewport=phone, color_scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    assert sum(map(int, re.findall(r"\d+", page.evaluate(background)))) < 150
    page.get_by_role("button", name="Light or dark").click()
    assert sum(map(int, re.findall(r"\d+", page.evaluate(background)))) > 600
    for i, section in enumerate(SECTIONS):
        page.locator("main").focus()
        page.keyboard.press(str(i + 1))
        page.locator("nav a[aria-current][href='#%s']" % section).wait_for()
        page.get_by_text("Loading").first.wait_for(state="detached")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, "%s is %d wide" % (section, wide)
    page.keyboard.press("1")
    plug = card(page).get_by_role("button", name="Plug in")
    plug.focus()
    page.keyboard.press("Enter")
    until(cs, 1, lambda c: c["plugged"])
    # Tab reaches every control there is, in the order of the page.
    page.locator(".skip").focus()
    seen = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.outerHTML.slice(0, 90)"))
    shown = page.locator(
        "a:visible, button:visible:enabled, select:visible, input:visible"
    ).count()
    assert len(seen) >= min(shown, 40) * 0.7


def test_password(charger, ocpp_csms, visit):
    cs = charger(ocpp_csms, console={"password": "open sesame"}, wait=False)
    who = {"username": "any", "password": "open sesame"}
    page = visit(cs, http_credentials=who)
    shows(page.locator("#live"), "live")
