"""What the tests of OCPP 1.6 Core share: a charger that is quick to test, and its reports."""

import time
from datetime import datetime

from ocpp_check import CALL, ERROR, RESULT
from patience import patient

# Statuses of a connector
A, P, C, F = "Available", "Preparing", "Charging", "Finishing"
SEV, SEVSE, U, X = "SuspendedEV", "SuspendedEVSE", "Unavailable", "Faulted"

# Redials at once; nothing is sent without being asked for.
QUICK = {
    "ConnectionTimeOut": "3600",
    "MeterValueSampleInterval": "0",
    "RetryBackOffWaitMinimum": "1",
    "RetryBackOffRandomRange": "0",
    "RetryBackOffRepeatTimes": "0",
}


def make(charger, csms, settings=None, **more):
    """A charger ten times as fast as the clock, with further settings."""
    more.setdefault("speed", 10)
    return charger(csms, settings={**QUICK, **(settings or {})}, **more)


def sent(csms, action=None, since=0):
    """The frames of the charger's CALLs so far, from mark `since` on."""
    return [
        f
        for f in list(csms.frames)
        if f.n >= since and f.sender == "charger" and f.type == CALL and action in (None, f.action)
    ]


def payloads(csms, action, since=0):
    return [f.payload for f in sent(csms, action, since)]


def reports(csms, connector, since=0):
    """Payloads of the StatusNotifications of a connector."""
    return [
        p for p in payloads(csms, "StatusNotification", since) if p["connectorId"] == connector
    ]


def wait(fits, what, timeout=10):
    """Poll until `fits()`; its value."""
    end = time.monotonic() + patient(timeout)
    while True:
        value = fits()
        if value:
            return value
        assert time.monotonic() < end, what() if callable(what) else what
        time.sleep(0.02)


def wait_reports(csms, connector, wanted, since=0, timeout=10):
    """Wait for these statuses of a connector, in this order, with none between; the payloads."""

    def so_far():
        return [p["status"] for p in reports(csms, connector, since)]

    wait(
        lambda: len(so_far()) >= len(wanted),
        lambda: "connector %d: only %s" % (connector, so_far()),
        timeout,
    )
    assert so_far() == list(wanted), "connector %d: %s" % (connector, so_far())
    return reports(csms, connector, since)


def wait_booted(csms, cs, connectors=2):
    """Wait for the reports and events that follow an acceptance; a mark behind them."""
    cs.wait_accepted()
    for n in range(connectors + 1):
        csms.wait_for("StatusNotification", lambda p, n=n: p["connectorId"] == n)
    cs.wait_until(lambda s: s["ocpp"]["queued"] == 0)
    return csms.mark()


def answer_to(csms, message_id, timeout=5):
    """The charger's answer to a raw CALL with this id."""

    def look():
        for f in list(csms.frames):
            if f.sender == "charger" and f.type in (RESULT, ERROR) and f.id == message_id:
                return f
        return None

    return wait(look, "no answer to %s" % message_id, timeout)


def setting(csms, key):
    """The value of one configuration key as the charger tells it."""
    answer = csms.call("GetConfiguration", {"key": [key]})
    assert len(answer["configurationKey"]) == 1, answer
    return answer["configurationKey"][0].get("value")


def change(csms, key, value):
    """Status of a ChangeConfiguration."""
    return csms.call("ChangeConfiguration", {"key": key, "value": value})["status"]


def charge(cs, csms, connector=1, tag="DEADBEEF", **plug):
    """Plug in and present a card: payload of the StartTransaction, with "transactionId"."""
    cs.act(connector, "plug", **plug)
    cs.wait_connector(connector, plugged=True)
    csms.wait_told(connector, P)
    cs.card(tag, connector=connector)
    start = csms.wait_for("StartTransaction", lambda p: p["connectorId"] == connector)
    shown = cs.wait_until(
        lambda s: (s["connectors"][connector - 1]["transaction"] or {}).get("id") is not None
    )
    return dict(start, transactionId=shown["connectors"][connector - 1]["transaction"]["id"])


def offline(cs, online=False):
    """Take the network away, or give it back; returns when the charger has noticed."""
    cs.post("/api/network", {"online": online})
    cs.wait_until(lambda s: s["ocpp"]["connected"] == online)


def ready(charger, csms, **more):
    """A charger that has told its statuses, and the mark behind them."""
    cs = make(charger, csms, **more)
    return cs, wait_booted(csms, cs)


def availability(csms, connector, kind):
    request = {"connectorId": connector, "type": kind}
    return csms.call("ChangeAvailability", request)["status"]


def remote_stop(csms, start):
    request = {"transactionId": start["transactionId"]}
    assert csms.call("RemoteStopTransaction", request) == {"status": "Accepted"}


def unix(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def at_the_plug(charger, csms, settings=None, **more):
    """A charger with a car at connector 1."""
    cs = make(charger, csms, settings=settings, **more)
    cs.act(1, "plug")
    wait_booted(csms, cs)
    return cs


def refused(cs, csms, connector=1):
    """True if nothing was started within three seconds of the charger."""
    time.sleep(0.3)
    return cs.connector(connector)["transaction"] is None and not payloads(
        csms, "StartTransaction"
    )


def put(cs, tag, status="Accepted", **more):
    cs.post("/api/auth_cache", dict(more, idTag=tag, status=status))
