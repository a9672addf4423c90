"""A browser for the tests of the pages: Debian's Chromium, headless, by Playwright.

`with browsing() as browser: page = Page(browser, address)`. A page counts what it must not do: say
anything on the console, or ask another host.
"""

import contextlib
import shutil
import time

import pytest
from patience import patient

FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
).split()
WAIT_MS = int(patient(15) * 1000)


def why_not():
    """Why there is no browser here, or None."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "the package playwright is not installed: make dev"
    if not shutil.which("chromium"):
        return "there is no chromium: apt-get install chromium (make dev does it for root)"
    return None


needed = pytest.mark.skipif(bool(why_not()), reason=str(why_not()))


@contextlib.contextmanager
def browsing():
    """A running Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=FLAGS, headless=True
        )
        try:
            yield browser
        finally:
            browser.close()


def until(fits, what):
    """Wait until the page is as it is to be."""
    end = time.monotonic() + WAIT_MS / 1000
    while not fits():
        assert time.monotonic() < end, what
        time.sleep(0.05)


class Page:
    """A page of a server. `more`: options of the context (`color_scheme`, `viewport`, ...).
    `excused`: True while the server is away on purpose."""

    def __init__(self, browser, address, **more):
        self.address = address
        self.excused = False
        self.said, self.foreign = [], []
        more.setdefault("viewport", {"width": 1280, "height": 900})
        self.context = browser.new_context(**more)
        self.context.set_default_timeout(WAIT_MS)
        self.page = self.context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda e: self.said.append("error: %s" % e))
        self.page.on("request", self._request)

    def _console(self, message):
        if not self.excused:
            self.said.append("%s: %s" % (message.type, message.text))

    def _request(self, request):
        if not request.url.startswith(("http://%s/" % self.address, "data:")):
            self.foreign.append(request.url)

    def open(self, section=""):
        """Go to a section of the page, by its address."""
        self.page.goto("http://%s/#%s" % (self.address, section))
        self.page.wait_for_selector("nav a[aria-current]")
        return self.page

    def close(self):
        """The end; fails the test if the page has done what it must not."""
        self.context.close()
        assert self.said == [], "on the browser's console: %s" % self.said
        assert self.foreign == [], "other hosts were asked: %s" % self.foreign
