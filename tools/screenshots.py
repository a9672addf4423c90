"""Takes the pictures of the charger's web console and of the CSMS's page in `docs/images/` anew.

Arguments: beginnings of the names of those to take, without any all of them.

A local CSMS and a charger, both on free ports, live through an hour of charging at 60 times the
speed of time; Chromium (Debian's, by the package playwright) looks at the pages.
"""

import shutil
import sys
import tempfile
import time

import demo
from playwright.sync_api import sync_playwright

IMAGES = demo.ROOT / "docs" / "images"
FLAGS = "--no-sandbox --disable-gpu --no-first-run --disable-background-networking".split()
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
PICTURES = (  # name, section, width, scheme, whole page
    ("console-overview", "overview", WIDE, "light", True),
    ("console-overview-dark", "overview", WIDE, "dark", True),
    ("console-phone", "overview", NARROW, "dark", False),
    ("console-messages", "messages", WIDE, "light", False),
    ("console-settings", "settings", WIDE, "light", False),
    ("console-lists", "lists", WIDE, "light", False),
    ("console-system", "system", WIDE, "dark", True),
)
CSMS_PICTURES = (
    ("csms-stations", "stations", WIDE, "light", False),
    ("csms-station", "station", WIDE, "light", True),
    ("csms-station-dark", "station", WIDE, "dark", True),
    ("csms-transactions", "transactions", WIDE, "light", False),
    ("csms-phone", "stations", NARROW, "dark", False),
)
PRESSED = {"csms-transactions": "Chart", "csms-station": "Show composite"}
PERIODS = [
    {"startPeriod": 0, "limit": 16},
    {"startPeriod": 1100, "limit": 8},
    {"startPeriod": 2100, "limit": 25},
]


def live(csms, charger, station):
    """What is to be seen: two sessions, one of them under a profile."""

    def act(path, **body):
        charger.request("POST", "/api/" + path, body)

    def call(action, **payload):
        csms.request("POST", "/api/stations/%s/call/%s" % (station, action), payload)

    def wait(number, status):
        while charger.request("GET", "/api/status")["connectors"][number - 1]["status"] != status:
            time.sleep(0.1)

    wait(1, "Available")
    profile = {
        "chargingProfileId": 7,
        "stackLevel": 1,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": PERIODS},
    }
    call("SetChargingProfile", connectorId=1, csChargingProfiles=profile)
    listed = [
        {"idTag": "0407A2B3", "idTagInfo": {"status": "Accepted"}},
        {"idTag": "041122CC", "idTagInfo": {"status": "Blocked"}},
    ]
    call("GetConfiguration")
    call("SendLocalList", listVersion=1, updateType="Full", localAuthorizationList=listed)
    act("speed", speed=60)
    time.sleep(5)
    act("connectors/1/plug", current_a=32, soc=34)
    act("rfid", idTag=demo.CARD, connector=1)
    wait(1, "Charging")
    time.sleep(45)
    act("connectors/2/plug", ev="B")
    act("connectors/1/ev", state="C")
    act("speed", speed=1)
    time.sleep(3)


def take(browser, address, name, section, size, scheme, whole):
    context = browser.new_context(viewport=size, color_scheme=scheme)
    page = context.new_page()
    page.goto("%s/#%s" % (address, section))
    page.wait_for_selector("nav a[aria-current][href='#%s']" % section)
    page.wait_for_timeout(2500)
    if name in PRESSED:
        page.get_by_role("button", name=PRESSED[name]).first.click()
        page.wait_for_timeout(1500)
    page.screenshot(path=IMAGES / (name + ".png"), full_page=whole)
    context.close()


def main():
    services = []
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ocppy-images-") as folder:
        try:
            csms, charger, station = demo.start(folder, services)
            live(csms, charger, station)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=shutil.which("chromium"), args=FLAGS
                )
                for service, pictures in ((charger, PICTURES), (csms, CSMS_PICTURES)):
                    for picture in pictures:
                        if picture[0].startswith(tuple(sys.argv[1:] or [""])):
                            take(browser, service.http, *picture)
                browser.close()
        finally:
            status = demo.stop(services)
    return status


if __name__ == "__main__":
    sys.exit(main())
