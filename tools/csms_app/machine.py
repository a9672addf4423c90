"""The states of a station as its central system sees it, and what may be said in each.

`disconnected` was never accepted and is away; `connected` must boot; `booting` waits for the
handler's answer to BootNotification; `pending` may be configured; `provisioning` was accepted and
tells its state; `idle` works; `offline` was accepted and is away; `reconnecting` has come back
without booting yet; `resetting` has accepted a reset of the whole station.

OCPP 2.0.1 and 2.1 B01 to B03 (numbers B01.FR.10, B02.FR.01 to 09, B03.FR.02), B11; OCPP 1.6 §4.2.
"""

DISCONNECTED = "disconnected"
CONNECTED = "connected"
BOOTING = "booting"
PENDING = "pending"
PROVISIONING = "provisioning"
IDLE = "idle"
OFFLINE = "offline"
RECONNECTING = "reconnecting"
RESETTING = "resetting"

# Events: connect; resume (connect of a station that need not boot); disconnect; boot (it sends
# BootNotification); accept, pend, reject, fail (how that is answered); settle (it does something
# that is not part of the start-up); reset (it has accepted one).
TABLE = {
    DISCONNECTED: {"connect": CONNECTED, "resume": RECONNECTING},
    CONNECTED: {"boot": BOOTING, "disconnect": DISCONNECTED},
    BOOTING: {
        "accept": PROVISIONING,
        "pend": PENDING,
        "reject": CONNECTED,
        "fail": CONNECTED,
        "disconnect": DISCONNECTED,
    },
    PENDING: {"boot": BOOTING, "disconnect": DISCONNECTED},
    PROVISIONING: {"boot": BOOTING, "settle": IDLE, "reset": RESETTING, "disconnect": OFFLINE},
    IDLE: {"boot": BOOTING, "settle": IDLE, "reset": RESETTING, "disconnect": OFFLINE},
    OFFLINE: {"connect": RECONNECTING, "resume": RECONNECTING},
    RECONNECTING: {"boot": BOOTING, "settle": IDLE, "reset": RESETTING, "disconnect": OFFLINE},
    RESETTING: {
        "boot": BOOTING,
        "settle": RESETTING,
        "reset": RESETTING,
        "disconnect": OFFLINE,
    },
}
AWAY = (DISCONNECTED, OFFLINE)
_ALL = object()  # no restriction
_WORKING = (PROVISIONING, IDLE, RECONNECTING, RESETTING)

# What a 2.x station may send; in `pending` also what it was asked for. A 1.6 station must keep
# silent, too, but 1.6 does not tell the central system to refuse what it says all the same.
_FROM_STATION = {
    CONNECTED: ("BootNotification",),
    BOOTING: ("BootNotification",),
    PENDING: ("BootNotification",),
    **dict.fromkeys(_WORKING, _ALL),
}

# What may be sent to a station. CertificateSigned answers a SignCertificate that was triggered.
_TO_STATION_2 = {
    PENDING: (
        "CertificateSigned",
        "GetBaseReport",
        "GetReport",
        "GetVariables",
        "SetVariables",
        "TriggerMessage",
    ),
    **dict.fromkeys(_WORKING, _ALL),
}
_NOT_WHILE_PENDING_16 = ("RemoteStartTransaction", "RemoteStopTransaction")

# Part of the start-up: a station that sends only these is not ready yet.
START_UP = (
    "BootNotification",
    "FirmwareStatusNotification",
    "LogStatusNotification",
    "NotifyEvent",
    "NotifyReport",
    "SecurityEventNotification",
    "StatusNotification",
)

_SIGN = "SignCertificate"
_TRIGGERED = {
    "SignChargingStationCertificate": _SIGN,
    "SignV2GCertificate": _SIGN,
    "SignV2G20Certificate": _SIGN,
    "SignCombinedCertificate": _SIGN,
}
# A trigger without an EVSE brings one for each.
_SEVERAL = ("MeterValues", "StatusNotification", "TransactionEvent")


class NotAllowed(Exception):
    """The standard forbids this in the state that the station is in. Nothing has changed."""


def after(state, event):
    """The state after an event. Raises NotAllowed for one that has no place in the table."""
    try:
        return TABLE[state][event]
    except KeyError:
        raise NotAllowed("%s while %s" % (event, state)) from None


def may_come(state, version, action, expected=()):
    """True if a station may send this request. `expected`: actions it was asked for."""
    if version == "1.6":
        return True
    allowed = _FROM_STATION.get(state, ())
    return allowed is _ALL or action in allowed or (state == PENDING and action in expected)


def may_go(state, version, action):
    """True if this may be sent to a station."""
    if version == "1.6" and state == PENDING:
        return action not in _NOT_WHILE_PENDING_16
    allowed = _TO_STATION_2.get(state, ())
    return allowed is _ALL or action in allowed


def triggered_action(requested):
    """Action that comes after TriggerMessage of `requested`."""
    return _TRIGGERED.get(requested, requested)


def comes_once(action):
    """True if a trigger asks for one message of this action, not for one of each EVSE."""
    return action not in _SEVERAL
