"""FirmwareStatusNotification, OCPP 1.6 §4.5."""

_WORDS = const("Downloaded,DownloadFailed,Downloading,Installed,InstallationFailed,Installing")
_FAILED = const("InstallVerificationFailed,InvalidSignature")


def record(dialect, record):
    """The payload of a status from the log, None if OCPP 1.6 has no word for it."""
    status = word(record.data["status"])
    return status and {"status": status}


def learn(dialect, record, result):
    return None, None


def word(status):
    """A status of the security whitepaper (§6.8) as one of OCPP 1.6 §7.25, or None."""
    if status in _WORDS.split(","):
        return status
    return "InstallationFailed" if status in _FAILED.split(",") else None


def current(dialect):
    """Payload for a trigger: Idle, or what is under way."""
    update = dialect.station.part("update")
    told = word(update.state.get("told") or "") if update.busy else None
    return {"status": told or "Idle"}
