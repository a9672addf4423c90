"""Uploads of diagnostics and logs (OCPP 1.6 §5.9, security whitepaper N01): written to a file,
which is sent as often as it takes. A restart in between begins it anew."""

from ocpp.clock import Timer
from ocpp.log import log

FILE = "upload"
_RETRIES = const(2)  # where the request names none
_PAUSE_S = const(60)
_LONGEST_S = const(86400)
# Kind of a failed transfer -> status (whitepaper §6.19)
_FAILURES = {
    "denied": "PermissionDenied",
    "unsupported": "NotSupportedOperation",
    "protocol": "BadMessage",
    "url": "NotSupportedOperation",
}


class Upload:
    def __init__(self, station):
        self._station = station
        stored = station.store.load(FILE)
        # What is wanted, {} if nothing is; "host": the host does it
        self.state = stored if isinstance(stored, dict) and "what" in stored else {}
        self._path = station.store.root + "/upload.bin"
        self._made = False  # the file is there
        self.job = None  # the generator at work
        self._timer = Timer(station.clock)

    @property
    def busy(self):
        return bool(self.state)

    def begin(self, what, url, oldest=None, latest=None, retries=None, pause=None, id=None):
        """Upload `what`: "diagnostics" (GetDiagnostics), "DiagnosticsLog" or "SecurityLog"
        (GetLog), of the time from `oldest` to `latest` (Unix s or None), to `url`. `retries`:
        further tries, `pause` s apart. -> (status, file name): "Accepted", "AcceptedCanceled"
        (what was under way is given up) or "Rejected" and None."""
        station = self._station
        state = {
            "what": what,
            "url": url,
            "oldest": oldest,
            "latest": latest,
            "left": _RETRIES if retries is None else max(0, min(retries, 100)),
            "pause": _PAUSE_S if pause is None else max(0, min(pause, _LONGEST_S)),
            "id": id,
        }
        name = station.on_upload(state) if station.on_upload else None
        if name:
            state = {"what": what, "id": id, "host": True}
        elif station.transfers is None:
            return "Rejected", None
        else:
            from ocpp.station.diagnostics import file_name

            name = state["name"] = file_name(station, what)
        before = self.busy
        self._drop()
        self.state = state
        station.store.save(FILE, self.state)
        return "AcceptedCanceled" if before else "Accepted", name

    def wanted(self, p):
        """The same for a GetLog: its fields are alike in all versions."""
        from ocpp.iso import from_iso

        log = p["log"]
        times = [
            from_iso(log[k]) if k in log else None for k in ("oldestTimestamp", "latestTimestamp")
        ]
        more = [p.get("retries"), p.get("retryInterval"), p["requestId"]]
        return self.begin(p["logType"], log["remoteLocation"], *(times + more))

    def told(self, status):
        """The host tells how its upload goes on: a status of the security whitepaper, §6.19."""
        self._tell(status)
        if status != "Uploading":
            self._end()

    def step(self):
        """Ten times a second."""
        if not self.state or self.job or "host" in self.state:
            return
        if not self._timer.running or self._timer.expired():
            self._station.tidy()  # what led here is not needed any more
            self.job = self._run()
            self._station.jobs.append(self.job)

    def _run(self):
        try:
            yield from self._send()
        except MemoryError:
            self._give_up("UploadFailure")
            raise
        except Exception as e:  # the transfers' own kind of error is the host's
            log.warn("upload", e)
            self._again(_FAILURES.get(getattr(e, "kind", None), "UploadFailure"))
        finally:
            self.job = None
            self._station.quiet_soon()

    def _send(self):
        state = self.state
        if state.get("told") is None:
            self._tell("Uploading")
        if not self._made:
            yield from self._write(state)
            self._station.tidy()
        yield from self._station.transfers().put(state["url"], state["name"], self._path)
        self._give_up("Uploaded")

    def _write(self, state):
        from ocpp.station import diagnostics

        yield from diagnostics.write(self._station, state, self._path)
        self._made = True

    def _again(self, status):
        """It failed; there may be another try."""
        if self.state.get("left", 0) > 0 and status != "NotSupportedOperation":
            self.state["left"] -= 1
            self._station.store.save(FILE, self.state)
            self._timer.start_s(self.state["pause"])
        else:
            self._give_up(status)

    def _give_up(self, status):
        self._tell(status)
        self._end()

    def _tell(self, status):
        self.state["told"] = status
        log.info("upload", status)
        self._station.dialect.upload_status(self.state["what"], status, self.state.get("id"))

    def _end(self):
        self.state = {}
        self._station.store.remove(FILE)
        self._drop()
        self._station.quiet_soon()

    def _drop(self):
        """Give up what is under way, and its file."""
        job = self.job
        if job in self._station.jobs:
            self._station.jobs.remove(job)
            job.close()
        self.job = None
        self._made = False
        self._timer.stop()
        import os

        try:
            os.remove(self._path)
        except OSError:
            pass
