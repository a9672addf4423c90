"""What the tests of OCPP 1.6 Core share: steps of a session, and looks at messages."""

from datetime import datetime, timezone

TAG = "DEADBEEF"
ENERGY = "Energy.Active.Import.Register"
OFFLINE = {"AllowOfflineTxForUnknownId": "true"}
QUICK_RETRY = {"RetryBackOffWaitMinimum": "1", "RetryBackOffRandomRange": "0"}


def begin(cs, csms, number=1, tag=TAG, **car):
    """Plug in and present a card: the payload of StartTransaction, once it charges."""
    cs.act(number, "plug", **car)
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
    told = [f for f in csms.frames[since:] if f.action == "StatusNotification" and f.type == 2]
    return [f.payload["status"] for f in told if f.payload["connectorId"] == number]


def actions(csms, *wanted, since=0):
    """Actions of the charger's CALLs in order; `wanted`: only these."""
    mine = [f for f in csms.frames[since:] if f.sender == "charger" and f.type == 2]
    return [f.action for f in mine if not wanted or f.action in wanted]


def sent(csms, action, since=0):
    """Frames of the charger's CALLs of an action."""
    frames = csms.frames[since:]
    return [f for f in frames if f.sender == "charger" and f.type == 2 and f.action == action]


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


def change(csms, key, value):
    """ChangeConfiguration: the answer's status."""
    return csms.call("ChangeConfiguration", {"key": key, "value": value})["status"]


def configuration(csms, key):
    """Value of one key by GetConfiguration."""
    return csms.call("GetConfiguration", {"key": [key]})["configurationKey"][0].get("value")
