# marks: slow
# heap: 4M
# timeout: 60
"""UpdateFirmware, GetDiagnostics and GetLog of a station whose host is a fake."""

from central import Setup

from ocpp.iso import to_iso
from ocpp.rpc import CallError

NOW = 1795230000
s = None


class Broken(Exception):
    """A failed transfer, as `transfer.TransferError`."""

    def __init__(self, kind):
        super().__init__(kind, "on purpose")
        self.kind = kind


class Files:
    """File transfers: `fail`: kinds of failures to come; `slow`: steps that each takes."""

    def __init__(self, fail=(), slow=3):
        self.fail = list(fail)
        self.slow = slow
        self.got = []
        self.put_ = []
        self.stuck = False

    def __call__(self):
        return self

    def get(self, url, path, limit, state):
        self.got.append((url, dict(state)))
        state["tag"] = "v1"
        yield from self._take_time()
        with open(path, "wb") as f:
            f.write(b"firmware")

    def put(self, url, name, path):
        yield from self._take_time()
        with open(path, "rb") as f:
            self.put_.append((url, name, f.read().decode()))

    def _take_time(self):
        for _ in range(self.slow):
            yield
        while self.stuck:
            yield
        if self.fail:
            raise Broken(self.fail.pop(0))


class Updater:
    """Slots that outlive the station."""

    def __init__(self):
        self.state = None
        self.bad = None
        self.restarts = True
        self.reverted = None

    def __call__(self):
        return self

    def unpack(self, path, checked):
        yield
        if self.bad:
            raise self.bad
        self.checked = checked
        with open(path, "rb") as f:
            assert f.read() == b"firmware"
        self.state = None
        return "2.0"

    def activate(self):
        self.state = "armed"
        return self.restarts

    def result(self):
        return self.state

    def confirm(self):
        self.state = "confirmed"

    def revert(self, why):
        self.state = "failed"
        self.reverted = why


def make(files=None, updater=None, again=None, **more):
    """A station with a host that can do everything."""
    global s
    s = again.restart(**more) if again else Setup(**more)
    st = s.station
    st.transfers = files or Files()
    st.updater = updater or Updater()
    s.resets = []
    st.on_reset = s.resets.append
    s.csms.answers["FirmwareStatusNotification"] = {}
    s.csms.answers["SignedFirmwareStatusNotification"] = {}
    s.csms.answers["DiagnosticsStatusNotification"] = {}
    s.csms.answers["LogStatusNotification"] = {}
    s.csms.answers["SecurityEventNotification"] = {}
    s.run(1000)
    return s


def update(url="http://x/f", **more):
    more.setdefault("retrieveDate", to_iso(NOW))
    return s.ask("UpdateFirmware", dict(more, location=url))


def told(action="FirmwareStatusNotification"):
    return [p["status"] for p in s.csms.sent(action)]


def test_all_the_way():
    updater = Updater()
    make(updater=updater)
    assert update() == {}
    s.run(1500)
    assert told() == ["Downloading", "Downloaded", "Installing"], told()
    s.run(1000)
    assert s.resets == ["Firmware"] and updater.state == "armed"
    updater.state = "trial"
    make(updater=updater, again=s)
    assert told() == []  # it has to prove itself first
    s.run(6000)
    assert told() == ["Installed"] and updater.state == "confirmed"
    assert not s.station.part("update").busy
    s.run(1000)
    assert "update" not in s.station._parts


def test_goes_back_when_not_accepted():
    updater = Updater()
    make(updater=updater)
    update()
    s.run(3000)
    updater.state = "trial"
    make(updater=updater, again=s, online=False, settings={"FirmwareTrialTime": "60"})
    s.run(58000, 100)
    assert updater.state == "trial"
    s.run(10000, 100)
    assert updater.state == "failed" and "not accepted" in updater.reverted
    s.run(40000, 100)
    assert s.resets == ["Firmware"]
    make(updater=updater, again=s)
    s.run(1000)
    assert told() == ["InstallationFailed"]


def test_goes_back_when_the_self_test_fails():
    updater = Updater()
    make(updater=updater)
    update()
    s.run(3000)
    updater.state = "trial"
    make(updater=updater, again=s)
    s.station.self_test = lambda: "meter 1 is silent"
    s.run(8000)
    assert updater.state == "failed" and updater.reverted == "meter 1 is silent"
    assert s.resets == ["Firmware"]


def test_waits_for_its_date():
    make()
    update(retrieveDate=to_iso(NOW + 60))
    s.run(50000, 100)
    assert told() == [] and s.station.transfers.got == []
    s.run(12000, 100)
    assert told()[:2] == ["Downloading", "Downloaded"]


def test_waits_for_its_date_over_a_restart():
    make()
    update(retrieveDate=to_iso(NOW + 60))
    s.clock.advance(59000)
    old = s
    make(again=old, clock=old.clock)
    s.run(5000)
    assert told()[:2] == ["Downloading", "Downloaded"]


def test_retries_then_gives_up():
    make(Files(["closed", "timeout", "missing", "closed"]))
    update(retries=2, retryInterval=10)
    s.run(9000)
    assert len(s.station.transfers.got) == 1
    s.run(20000)
    assert len(s.station.transfers.got) == 3
    assert s.station.transfers.got[1][1] == {"tag": "v1"}  # gone on with
    s.run(30000)
    assert told() == ["Downloading", "DownloadFailed"]
    assert len(s.station.transfers.got) == 3


def test_hopeless_is_not_tried_again():
    for kind in ("url", "size"):
        make(Files([kind]))
        update(retries=5, retryInterval=1)
        s.run(5000)
        assert told() == ["Downloading", "DownloadFailed"]


def test_a_download_goes_on_after_a_power_cut():
    files = Files()
    files.stuck = True
    make(files)
    update()
    s.run(1000)
    assert told() == ["Downloading"]
    again = Files()
    make(again, again=s)
    s.run(3000)
    assert again.got == [("http://x/f", {"tag": "v1"})]
    assert told()[:2] == ["Downloaded", "Installing"]


def test_bad_bundle():
    updater = Updater()
    updater.bad = ValueError("hash of x")
    make(updater=updater)
    update()
    s.run(3000)
    assert told() == ["Downloading", "Downloaded", "Installing", "InstallationFailed"]
    assert s.resets == [] and "update.bin" not in _listing()


def _listing():
    import os

    return os.listdir(s.station.store.root)


def test_disk_full():
    class Full(Files):
        def get(self, url, path, limit, state):
            yield
            raise OSError(28)

    make(Full())
    update(retries=3)
    s.run(2000)
    assert told() == ["Downloading", "DownloadFailed"]


def test_installs_when_the_transaction_is_over():
    make(connectors=2)
    s.charge(1)
    update()
    s.run(3000)
    assert told() == ["Downloading", "Downloaded"]
    assert s.station.connectors[0].state() == "Charging"
    assert s.csms.statuses(2)[-1] == "Unavailable"
    s.plug(2)
    s.run(200)
    s.station.present("TAG2", 2)
    s.run(2000)
    assert not s.station.connectors[1].tx  # none begins any more
    s.station.present("TAG1", 1)
    s.run(4000)
    assert told()[2:] == ["Installing"] and s.resets == ["Firmware"]


def test_installs_at_once_if_so_set():
    make(settings={"FirmwareInstallAtOnce": "true"})
    s.charge()
    update()
    s.run(5000)
    assert s.resets == ["Firmware"]
    assert s.csms.sent("StopTransaction")[0]["reason"] == "Reboot"


def test_statuses_wait_while_offline():
    """What was sent but not answered is sent again."""
    make()
    update()
    s.run(50)
    s.connection.drop()
    sent = told()
    s.run(3000)
    assert told() == sent and "Downloaded" not in sent
    s.connection.connect("ocpp1.6")
    s.run(3000)
    assert told()[len(sent) :] in (
        ["Downloading", "Downloaded", "Installing"],
        ["Downloaded", "Installing"],
    )


def test_a_newer_request_cancels():
    files = Files()
    files.stuck = True
    make(files)
    update("http://x/old")
    s.run(1000)
    assert update("http://x/new") == {}
    files.stuck = False
    s.run(3000)
    assert [u for u, _ in files.got] == ["http://x/old", "http://x/new"]
    assert told() == ["Downloading", "Downloading", "Downloaded", "Installing"]


def test_not_while_installing():
    updater = Updater()
    make(updater=updater)
    update()
    s.run(1500)
    assert isinstance(update("http://x/other"), CallError)


def test_without_a_restart():
    updater = Updater()
    updater.restarts = False
    make(updater=updater)
    update()
    s.run(3000)
    assert told() == ["Downloading", "Downloaded", "Installing", "Installed"]
    assert s.resets == []


def test_nothing_to_do_it_with():
    make()
    s.station.transfers = s.station.updater = None
    update()
    s.run(2000)
    assert told() == ["Downloading", "DownloadFailed"]
    assert s.ask("GetDiagnostics", {"location": "http://x/"}) == {}
    log = {"remoteLocation": "http://x/"}
    answer = s.ask("GetLog", {"logType": "DiagnosticsLog", "requestId": 1, "log": log})
    assert answer == {"status": "Rejected"}


def test_unsigned_not_allowed():
    make(settings={"UnsignedFirmwareAllowed": "false"})
    assert update().code == "NotSupported"
    s.run(1000)
    assert told() == []


def test_bad_fields():
    make()
    assert (
        s.ask("UpdateFirmware", {"location": "http://x/f"}).code == "OccurenceConstraintViolation"
    )
    assert isinstance(update(retrieveDate="tomorrow"), CallError)
    assert isinstance(update(retries="2"), CallError)
    assert isinstance(update(url=5), CallError)
    update(retries=-5, retryInterval=-1)
    s.run(2000)
    assert "Downloaded" in told()


def test_the_host_does_it():
    make()
    requests = []
    s.station.on_update = lambda request: requests.append(dict(request))
    assert update("x://y") == {} and requests[0]["url"] == "x://y"
    for status in ("Downloading", "Downloaded", "Installing", "Installed"):
        s.station.firmware_status(status)
    s.run(1000)
    assert told() == ["Downloading", "Downloaded", "Installing", "Installed"]
    try:
        s.station.firmware_status("Installed")
        raise AssertionError("not refused")
    except ValueError:
        pass


# -- signed --


def _check(station, path, value):
    yield
    return value


def signed(value, install=None, retrieve=None):
    part = s.station.part("update")
    return part.begin(
        "http://x/f", retrieve, install, 0, 0, 7, ("test_firmware16", "_check", value)
    )


def words():
    return told("SignedFirmwareStatusNotification")


def test_signed():
    make()
    assert signed(None, NOW + 30, NOW + 10) == "Accepted"
    s.run(5000)
    assert words() == ["DownloadScheduled"]
    s.run(10000)
    assert words()[1:] == ["Downloading", "Downloaded", "SignatureVerified", "InstallScheduled"]
    s.run(20000)
    assert words()[5:] == ["Installing", "InstallRebooting"]
    assert all(p["requestId"] == 7 for p in s.csms.sent("SignedFirmwareStatusNotification"))


def test_signature_wrong():
    make()
    signed("InvalidSignature")
    s.run(3000)
    assert words() == ["Downloading", "Downloaded", "InvalidSignature"]
    assert signed(None) == "Accepted"
    s.run(10)
    assert signed(None) == "AcceptedCanceled"


# -- diagnostics --


def test_diagnostics():
    make(settings={"AuthorizationKey": "secret-secret-secret", "ConnectionTimeOut": "77"})
    s.station.on_diagnostics = lambda oldest, latest: iter(["[host]", "%s %s" % (oldest, latest)])
    answer = s.ask("GetDiagnostics", {"location": "ftp://x/d/", "startTime": to_iso(NOW)})
    assert answer["fileName"].startswith("cp-diagnostics-20261121T0300"), answer
    s.run(3000)
    assert told("DiagnosticsStatusNotification") == ["Uploading", "Uploaded"]
    url, name, text = s.station.transfers.put_[0]
    assert (url, name) == ("ftp://x/d/", answer["fileName"])
    assert "ConnectionTimeOut=77\n" in text and "\npending=0 parked=0\n" in text
    assert "secret" not in text and "[host]\n%d None\n" % NOW in text
    assert "upload.bin" not in _listing()
    s.run(1000)
    assert "upload" not in s.station._parts


def test_a_part_of_the_host_that_fails():
    make()

    def broken(oldest, latest):
        yield "begun"
        raise ValueError("x")

    s.station.on_diagnostics = broken
    s.ask("GetDiagnostics", {"location": "ftp://x/d/"})
    s.run(3000)
    assert told("DiagnosticsStatusNotification") == ["Uploading", "Uploaded"]
    assert "begun" in s.station.transfers.put_[0][2]


def test_diagnostics_are_cut_off():
    make()
    s.station.on_diagnostics = lambda oldest, latest: iter(["x" * 5000] * 200)
    s.ask("GetDiagnostics", {"location": "ftp://x/d/"})
    s.run(5000)
    text = s.station.transfers.put_[0][2]
    assert 60000 < len(text) < 66000 and text.endswith("\n(cut off here)\n")


def test_upload_retries():
    make(Files(["closed", "closed", "closed", "closed"]))
    s.ask("GetDiagnostics", {"location": "ftp://x/d/", "retries": 2, "retryInterval": 5})
    s.run(30000)
    assert told("DiagnosticsStatusNotification") == ["Uploading", "UploadFailed"]
    assert len(s.station.transfers.fail) == 1


def get_log(id, kind="DiagnosticsLog", **more):
    log = {"remoteLocation": "http://x/"}
    return s.ask("GetLog", dict(more, logType=kind, requestId=id, log=log))


def test_get_log():
    make()
    s.station.security_event("TamperDetectionActivated", "door")
    answer = get_log(5, "SecurityLog")
    assert answer["status"] == "Accepted" and "security" in answer["filename"]
    s.run(2000)
    assert s.csms.sent("LogStatusNotification") == [
        {"status": "Uploading", "requestId": 5},
        {"status": "Uploaded", "requestId": 5},
    ]
    assert "TamperDetectionActivated door\n" in s.station.transfers.put_[0][2]


def test_compressed_where_the_port_can():
    import sys

    class Packer:
        GZIP = 3

        class DeflateIO:
            def __init__(self, stream, format, bits):
                assert (format, bits) == (Packer.GZIP, 10)
                self._stream = stream
                self._count = 0

            def write(self, data):
                self._count += len(data)

            def close(self):
                self._stream.write(b"%d packed" % self._count)

    make()
    sys.modules["deflate"] = Packer
    try:
        answer = s.ask("GetDiagnostics", {"location": "ftp://x/d/"})
        s.run(3000)
    finally:
        del sys.modules["deflate"]
    assert answer["fileName"].endswith(".txt.gz")
    text = s.station.transfers.put_[0][2]
    assert text.endswith(" packed") and int(text.split()[0]) > 1000


def test_in_the_words_of_the_other_version():
    config = {"ocpp": {"url": "ws://x/", "id": "cp", "version": "2.0.1"}}
    global s
    s = Setup(config=config, online=False)
    s.station.transfers = Files()
    s.csms.answers["FirmwareStatusNotification"] = s.csms.answers["LogStatusNotification"] = {}
    s.csms.answers["BootNotification"] = lambda p: {
        "status": "Accepted",
        "interval": 300,
        "currentTime": to_iso(s.csms.time()),
    }
    s.connection.connect("ocpp2.0.1")
    s.run(1000)
    signed("InvalidSignature")
    s.station.part("upload").begin("DiagnosticsLog", "http://x/", id=4)
    s.run(5000)
    sent = s.csms.sent("FirmwareStatusNotification")
    assert [p["status"] for p in sent] == ["Downloading", "Downloaded", "InvalidSignature"]
    assert all(p["requestId"] == 7 for p in sent)
    sent = [(p["status"], p["requestId"]) for p in s.csms.sent("LogStatusNotification")]
    assert sent == [("Uploading", 4), ("Uploaded", 4)]


def test_get_log_failures():
    for kind, status in (
        ("denied", "PermissionDenied"),
        ("unsupported", "NotSupportedOperation"),
        ("url", "NotSupportedOperation"),
        ("protocol", "BadMessage"),
        ("tcp", "UploadFailure"),
    ):
        make(Files([kind]))
        get_log(5, retries=0)
        s.run(2000)
        assert told("LogStatusNotification") == ["Uploading", status]


def test_get_log_cancels():
    files = Files()
    files.stuck = True
    make(files)
    get_log(5)
    s.run(1000)
    assert get_log(6)["status"] == "AcceptedCanceled"
    files.stuck = False
    s.run(2000)
    sent = [(p["status"], p["requestId"]) for p in s.csms.sent("LogStatusNotification")]
    assert sent == [("Uploading", 5), ("Uploading", 6), ("Uploaded", 6)]
    assert len(files.put_) == 1


def test_an_upload_goes_on_after_a_restart():
    files = Files()
    files.stuck = True
    make(files)
    get_log(5)
    s.run(1000)
    make(again=s)
    s.run(1000)
    assert told("LogStatusNotification") == ["Uploading", "Uploaded"]
    assert len(s.station.transfers.put_) == 1


def test_the_host_uploads():
    make()
    asked = []

    def on_upload(request):
        asked.append(dict(request))
        return "mine.log"

    s.station.on_upload = on_upload
    assert get_log(9) == {"status": "Accepted", "filename": "mine.log"}
    assert asked[0]["url"] == "http://x/" and asked[0]["what"] == "DiagnosticsLog"
    s.station.upload_status("Uploading")
    s.station.upload_status("PermissionDenied")
    s.run(1000)
    assert told("LogStatusNotification") == ["Uploading", "PermissionDenied"]


def test_damaged_state_is_no_hindrance():
    make()
    part = {"what": "diagnostics", "url": 5}
    for value in ([], "x", {"phase": "strange"}, {"phase": "get"}, {"url": 5}, part):
        for name in ("update", "upload"):
            s.station.store.save(name, value)
        make(again=s)
        s.run(3000)
        assert not s.station.part("update").busy, value
        assert not s.station.part("upload").busy, value
    assert told("DiagnosticsStatusNotification") == ["Uploading", "UploadFailed"]
