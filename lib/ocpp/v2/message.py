"""MessageInfoType (OCPP 2.0.1 O) in the words of the domain, and back."""

from ocpp.iso import from_iso, to_iso
from ocpp.station import display as d

_LISTS = (
    ("priority", "SupportedPriorities", "NotSupportedPriority"),
    ("state", "SupportedStates", "NotSupportedState"),
)


def refusal(station, info):
    """(status, reason code) why a message can't be shown, None if it can."""
    get = station.settings.get
    if not get("DisplayMessageCtrlr.Enabled"):
        return "Rejected", "NotEnabled"
    if info["message"]["format"] not in get("DisplayMessageCtrlr.SupportedFormats").split(","):
        return "NotSupportedMessageFormat", "UnsupportedParam"
    for field, name, status in _LISTS:
        if field in info and info[field] not in get("DisplayMessageCtrlr." + name).split(","):
            return status, "UnsupportedParam"
    if info.get("display", {"name": "Display"})["name"] != "Display":
        return "Rejected", "UnsupportedParam"
    if "transactionId" in info and _key(station, info["transactionId"]) is None:
        return "UnknownTransaction", "TxNotFound"
    return _wrong(station, info)


def _wrong(station, info):
    end = _time(info.get("endDateTime"))
    if end is not None:
        now = station.clock.unix()
        start = _time(info.get("startDateTime"))
        if (now is not None and end <= now) or (start is not None and end <= start):
            return "Rejected", "InvalidValue"
    if info["message"]["format"] == "ASCII":
        if any([ord(char) > 126 for char in info["message"]["content"]]):
            return "Rejected", "InvalidValue"
    return None


def plain(station, info):
    """The message as it is kept (`station/display.py`)."""
    message = info["message"]
    tx = info.get("transactionId")
    head = [info["id"], info["priority"], info.get("state")]
    head += [_time(info.get("startDateTime")), _time(info.get("endDateTime"))]
    head.append(None if tx is None else _key(station, tx))
    return head + [message["format"], message.get("language"), message["content"]]


def told(station, m):
    """The MessageInfoType of a message that is kept."""
    message = {"format": m[d.FORMAT], "content": m[d.TEXT]}
    if m[d.LANGUAGE] is not None:
        message["language"] = m[d.LANGUAGE]
    info = {"id": m[d.ID], "priority": m[d.PRIORITY], "message": message}
    if m[d.STATE] is not None:
        info["state"] = m[d.STATE]
    for field, name in ((d.FROM, "startDateTime"), (d.TO, "endDateTime")):
        if m[field] is not None:
            info[name] = to_iso(m[field])
    for c in station.connectors:
        if c.tx and c.tx.key == m[d.TX]:
            info["transactionId"] = str(c.tx.id)
    return info


def _key(station, id):
    for c in station.connectors:
        if c.tx and str(c.tx.id) == id:
            return c.tx.key
    return None


def _time(text):
    return None if text is None else from_iso(text)
