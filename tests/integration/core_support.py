"""What the tests of OCPP 1.6 Core share: steps of a session, and looks at messages."""

from datetime import datetime, timezone
from itertools import pairwise

from core16 import reports, sent
from ocpp_link import CallError

TAG = "DEADBEEF"
ENERGY = "Energy.Active.Import.Register"
OFFLINE = {"AllowOfflineTxForUnknownId": "true"}
QUICK_RETRY = {"RetryBackOffWaitMinimum": "1", "RetryBackOffRandomRange": "0"}


def begin(cs, csms, number=1, tag=TAG, **car):
    """Plug in and present a card: the payload of StartTransaction, once it charges."""
    cs.act(number, "plug", **car)
    csms.wait_told(number, "Preparing")
    cs.card(tag, connector=number)
    start = csms.wait_for("StartTransaction", lambda p: p["connectorId"] == number)
    cs.wait_connector(number, status="Charging")
    return start


def wait_id(cs, number=1):
    """The CSMS's id of the running transaction, once the charger knows it."""

    def known(status):
        tx = status["connectors"][number - 1]["transaction"]
        return tx is not None and tx["id"] is not None

    return cs.wait_until(known)["connectors"][number - 1]["transaction"]["id"]


def wait_status(csms, number, status, **more):
    """The next StatusNotification of a connector with this status."""

    def fits(p):
        return p["connectorId"] == number and p["status"] == status

    return csms.wait_for("StatusNotification", fits, **more)


def wait_stop(csms, transaction_id=None, **more):
    """The next StopTransaction (of one transaction)."""

    def fits(p):
        return transaction_id in (None, p["transactionId"])

    return csms.wait_for("StopTransaction", fits, **more)


def reason(stop):
    """Why a transaction ended; a missing reason means Local (OCPP 1.6 §4.10)."""
    return stop.get("reason", "Local")


def statuses(csms, number, since=0):
    """What was reported of a connector, oldest first."""
    return [p["status"] for p in reports(csms, number, since)]


def actions(csms, *wanted, since=0):
    """Actions of the charger's CALLs in order; `wanted`: only these."""
    return [f.action for f in sent(csms, None, since) if not wanted or f.action in wanted]


def unix(text):
    """Unix s of a timestamp as the charger writes them: UTC, no fractions."""
    assert text.endswith("Z"), text
    moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
    return moment.replace(tzinfo=timezone.utc).timestamp()


def sampled(meter_values, measurand=ENERGY, phase=None):
    """The sampledValues of one measurand in a list of MeterValue."""
    found = []
    for entry in meter_values:
        for value in entry["sampledValue"]:
            if value.get("measurand", ENERGY) == measurand and phase in (None, value.get("phase")):
                found.append(value)
    return found


def energies(meter_values):
    """Readings of the register in Wh, as numbers; each must be written as an integer."""
    found = sampled(meter_values)
    assert all(v["value"].isdigit() and v.get("unit", "Wh") == "Wh" for v in found), found
    return [int(v["value"]) for v in found]


def steps(numbers):
    """Differences from each number to the next."""
    return [b - a for a, b in pairwise(numbers)]


def wait_values(csms, count, **more):
    """Payloads of the next `count` MeterValues."""
    return [csms.wait_for("MeterValues", **more) for _ in range(count)]


def remote_start(csms, connector=None, tag=TAG, **more):
    """RemoteStartTransaction: the answer."""
    payload = dict(more, idTag=tag)
    if connector is not None:
        payload["connectorId"] = connector
    return csms.call("RemoteStartTransaction", payload)


def unlock(csms, connector):
    """UnlockConnector: the answer's status."""
    return csms.call("UnlockConnector", {"connectorId": connector})["status"]


def go_offline(cs, csms):
    """The network is gone; returns when the CSMS has noticed."""
    cs.post("/api/network", {"online": False})
    csms.wait_disconnected()


def go_online(cs):
    """The network is back; returns the status when everything has been told."""
    cs.post("/api/network", {"online": True})
    return cs.wait_until(lambda s: s["ocpp"]["connected"] and s["ocpp"]["queued"] == 0)


def refusing(csms, action, times, code="InternalError"):
    """Have the CSMS answer an action so often with a CALLERROR."""
    csms.on(action, CallError(code, "on purpose"), times=times)


def cut(cs, csms):
    """A power cut, and the power back."""
    cs.kill()
    csms.wait_disconnected()
    mark = csms.mark()
    cs.start()
    return mark


def charged(cs, least, number=1):
    """Wait until the transaction has so many Wh; what it has."""

    def enough(status):
        tx = status["connectors"][number - 1]["transaction"]
        return tx is not None and tx["energy_wh"] >= least

    return cs.wait_until(enough)["connectors"][number - 1]["transaction"]["energy_wh"]
