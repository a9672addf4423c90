# marks: slow
# heap: 4M
# timeout: 100
"""OCPP 2.0.1 L: firmware updates, by the cases of part 6."""

import binascii
import hashlib

from central import NOW
from pki_make import Authority, key, run
from test_firmware16 import Broken, Files, Updater
from test_session201 import setup201

from ocpp.iso import to_iso
from ocpp.rpc import CallError
from pki import p256

_IMAGE = b"firmware"  # what `Files` fetches
_maker = None
s = None


def maker():
    """(its root, certificate of a signer, signature of the image); made once."""
    global _maker
    if _maker is None:
        root = Authority("Maker")
        secret, x, y = key()
        made = run(p256.sign(secret, hashlib.sha256(_IMAGE).digest()))
        signature = binascii.b2a_base64(made).decode().strip()
        _maker = root, root.issue("Signer", (x, y)), signature
    return _maker


def make(files=None, updater=None, again=None, trusting=True, **more):
    global s
    if again:
        s = again.restart(config=again.config, online=False, **more)
    else:
        s = setup201(**more)
    s.files = files or Files()
    s.updater = updater or Updater()
    s.station.transfers = s.files
    s.station.updater = s.updater
    s.resets = []
    s.station.on_reset = s.resets.append
    s.csms.answers["FirmwareStatusNotification"] = {}
    if again:
        s.station.boot_reason = "FirmwareUpdate"
        s.connection.connect("ocpp2.0.1")
    elif trusting:
        s.station.import_certificates({"ManufacturerRootCertificate": [maker()[0].der]})
    s.run(500)
    return s


def request(id=1, install=-7200, retrieve=-7200, signed=True, **more):
    firmware = {"location": "http://x/f", "retrieveDateTime": to_iso(NOW + retrieve)}
    if install is not None:
        firmware["installDateTime"] = to_iso(NOW + install)
    if signed:
        firmware["signingCertificate"] = maker()[1]
        firmware["signature"] = maker()[2]
    firmware.update(more)
    return {"requestId": id, "firmware": firmware, "retries": 0}


def update(*arguments, **more):
    """The status of the answer."""
    answer = s.ask("UpdateFirmware", request(*arguments, **more), 30000)
    return answer.code if isinstance(answer, CallError) else answer["status"]


def told(id=1):
    found = s.csms.sent("FirmwareStatusNotification")
    return [p["status"] for p in found if p.get("requestId") == id]


def events():
    """Security events and statuses of firmware, in order."""
    found = []
    for action, p in s.csms.sent():
        if action == "SecurityEventNotification":
            found.append(p["type"])
        elif action == "FirmwareStatusNotification":
            found.append(p["status"])
    return [e for e in found if e not in ("SettingSystemTime", "StartupOfTheDevice")]


def until(status, ms=20000):
    while status not in told() and ms > 0:
        s.run(100)
        ms -= 100
    assert status in told(), told()


DOWNLOAD = ["Downloading", "Downloaded"]
VERIFIED = DOWNLOAD + ["SignatureVerified"]
INSTALL = ["Installing", "InstallRebooting"]


def reboot(state="trial"):
    """The restart that was asked for, into new firmware."""
    for _ in range(50):
        if not s.resets:
            s.run(100)
    assert s.resets == ["Firmware"], s.resets
    s.updater.state = state
    make(updater=s.updater, again=s)


def finish():
    reboot()
    assert s.csms.sent("BootNotification")[0]["reason"] == "FirmwareUpdate"
    s.run(7000)
    assert [e for e in events() if e[:8] == "Firmware" or e[:7] == "Install"] == [
        "FirmwareUpdated",
        "Installed",
    ]
    states = [p["connectorStatus"] for p in s.csms.sent("StatusNotification")]
    assert states[: len(s.wh)] == ["Available"] * len(s.wh), states


def test_TC_L_01_CS():
    """Installed."""
    make()
    assert update() == "Accepted"
    until("InstallRebooting")
    assert told() == VERIFIED + INSTALL
    s.run(1000)
    finish()


def test_TC_L_02_CS():
    """InstallScheduled."""
    make()
    assert update(install=60) == "Accepted"
    until("InstallScheduled")
    s.run(5000, 100)
    assert told() == VERIFIED + ["InstallScheduled"]
    s.run(60000, 100)
    assert told()[4:] == INSTALL
    finish()


def test_TC_L_03_CS():
    """DownloadScheduled."""
    make()
    assert update(retrieve=60) == "Accepted"
    s.run(5000, 100)
    assert told() == ["DownloadScheduled"]
    s.run(60000, 100)
    until("InstallRebooting")
    assert told()[1:] == VERIFIED + INSTALL


def test_TC_L_05_CS():
    """A certificate that is not valid."""
    make()
    other = Authority("Somebody").issue("Signer", key()[1:])
    assert update(signingCertificate=other) == "InvalidCertificate"
    assert update(signingCertificate="no certificate") == "InvalidCertificate"
    s.run(1000)
    assert "InvalidFirmwareSigningCertificate" in events() and told() == []


def test_TC_L_06_CS():
    """A signature that is not valid."""
    make()
    bad = binascii.b2a_base64(run(p256.sign(key()[0], b"\1" * 32))).decode().strip()
    assert update(signature=bad) == "Accepted"
    until("InvalidSignature")
    s.run(1000)
    assert told() == DOWNLOAD + ["InvalidSignature"]
    assert events()[-1] == "InvalidFirmwareSignature", events()


def test_TC_L_07_CS():
    """A file that can't be fetched."""
    make(Files(["status"]))
    assert update() == "Accepted"
    until("DownloadFailed")
    assert told() == ["Downloading", "DownloadFailed"] and Broken


def test_TC_L_08_CS():
    """A file that is no firmware, or does not start."""
    updater = Updater()
    updater.bad = ValueError("not for this board")
    make(updater=updater)
    assert update(retrieve=30) == "Accepted"
    s.run(30000, 100)
    until("InstallVerificationFailed")
    assert told() == ["DownloadScheduled"] + VERIFIED + ["Installing", "InstallVerificationFailed"]
    # And one that does not start
    assert update(2) == "Accepted"
    updater.bad = None
    s.run(5000, 100)
    assert told(2) == VERIFIED + INSTALL
    reboot("failed")
    s.run(2000)
    assert told(2) == ["InstallationFailed"]


def test_TC_L_10_CS():
    """A newer request."""
    make()
    s.files.stuck = True
    assert update() == "Accepted"
    until("Downloading")
    assert update(2) == "AcceptedCanceled"
    s.files.stuck = False
    s.run(5000, 100)
    assert told() == ["Downloading"] and told(2) == VERIFIED + INSTALL
    # Now it can't be given up any more (TC_L_11)
    assert update(3) == "Rejected"
    finish()


def test_TC_L_11_CS():
    """A newer request, too late."""
    make()
    assert update() == "Accepted"
    until("InstallRebooting")
    answer = s.ask("UpdateFirmware", request(2), 30000)
    assert answer["status"] == "Rejected" and told(2) == []
    assert answer["statusInfo"] == {"reasonCode": "FwUpdateInProgress"}


def states():
    return [(p["evseId"], p["connectorStatus"]) for p in s.csms.sent("StatusNotification")]


def test_TC_L_15_CS():
    """No new session while it waits for a transaction."""
    make(connectors=2)
    s.charge()
    s.csms.forget()
    assert update() == "Accepted"
    until("InstallScheduled")
    assert told() == VERIFIED + ["InstallScheduled"]
    assert states() == [(2, "Unavailable")]
    actions = s.csms.actions()
    assert actions.index("StatusNotification") < actions.index("FirmwareStatusNotification")
    s.station.present("TAG2", 2)
    s.run(1000)
    assert s.station.connectors[1].grant is None and s.resets == []
    s.station.present("TAG1", 1)
    s.run(1000)
    s.unplug()
    until("InstallRebooting")
    assert told()[4:] == INSTALL and s.c.tx is None
    s.run(1000)
    finish()


def test_TC_L_14_CS():
    """New sessions while it waits for a transaction."""
    name = "ChargingStation.AllowNewSessionsPendingFirmwareUpdate"
    make(connectors=2, settings={name: "true"})
    s.charge()
    s.csms.forget()
    assert update() == "Accepted"
    until("InstallScheduled")
    s.charge(2, "TAG2")
    s.station.present("TAG1", 1)
    s.run(1000)
    s.unplug()
    s.run(2000)
    assert told() == VERIFIED + ["InstallScheduled"]
    assert (1, "Available") in states() and (1, "Unavailable") not in states()
    s.station.present("TAG2", 2)
    s.run(1000)
    s.unplug(2)
    until("InstallRebooting")
    s.run(1000)
    finish()


def test_TC_L_16_CS():
    """A host whose firmware needs no restart, nor the end of transactions."""
    updater = Updater()
    updater.restarts = False
    make(updater=updater)
    name = "CustomizationCtrlr.FirmwareInstallAtOnce"
    s.station.settings.force(name, "true")
    s.charge()
    assert update() == "Accepted"
    until("Installed")
    assert told() == VERIFIED + ["Installing", "Installed"] and s.c.tx


def test_TC_L_18_CS():
    """Unsigned where signed firmware is known."""
    make()
    assert update(signed=False) == "Rejected"
    assert update(signature="", signed=False) == "Rejected"
    answer = s.ask("UpdateFirmware", request(signed=False))
    assert answer["statusInfo"]["reasonCode"] == "MissingParam"
    half = request()
    del half["firmware"]["signature"]
    assert s.ask("UpdateFirmware", half)["status"] == "Rejected"
    s.run(1000)
    assert told() == []


def test_l02_unsigned():
    make(trusting=False)
    assert update(signed=False) == "Accepted"
    until("InstallRebooting")
    assert told() == DOWNLOAD + INSTALL
    s.run(1000)
    finish()
    s.station.settings.force("UnsignedFirmwareAllowed", "false")
    assert update(2, signed=False) == "Rejected"


def test_over_a_power_cut():
    make()
    s.files.stuck = True
    assert update() == "Accepted"
    until("Downloading")
    updater = s.updater
    make(updater=updater, again=s)
    until("InstallRebooting")
    assert told() == ["Downloaded", "SignatureVerified"] + INSTALL


def test_no_local_controller():
    make()
    publish = {"location": "http://x/f", "checksum": "0" * 32, "requestId": 1}
    assert s.ask("PublishFirmware", publish).code == "NotSupported"
    assert s.ask("UnpublishFirmware", {"checksum": "0" * 32}).code == "NotSupported"
    assert s.ask("PublishFirmware", {}).code == "NotSupported"
    assert s.ask("FirmwareStatusNotification", {"status": "Idle"}).code == "NotSupported"


def test_bad_fields():
    make(trusting=False)
    for change, code in (
        ({"location": "x" * 513}, "PropertyConstraintViolation"),
        ({"location": 5}, "TypeConstraintViolation"),
        ({"retrieveDateTime": "tomorrow"}, "PropertyConstraintViolation"),
        ({"signature": "x" * 801}, "PropertyConstraintViolation"),
        ({"more": 1}, "FormatViolation"),
    ):
        assert update(signed=False, **change) == code, (change, update(signed=False, **change))
    assert s.ask("UpdateFirmware", {"requestId": 1}).code == "OccurrenceConstraintViolation"
    odd = request(signed=False)
    odd.update(retries=-5, retryInterval=-1)
    assert s.ask("UpdateFirmware", odd)["status"] == "Accepted"
    until("InstallRebooting")


def test_the_status_told_last():
    from ocpp.v2.ops import firmware_status_notification as op

    make()
    dialect = s.station.dialect
    assert op.current(dialect) == {"status": "Idle"}
    s.files.stuck = True
    assert update(9) == "Accepted"
    s.run(1000)
    assert op.current(dialect) == {"status": "Downloading", "requestId": 9}
