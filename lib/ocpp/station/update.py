"""A firmware update, from the request to the new program that has proved itself, or to the old
one that came back (OCPP 1.6 §5.19, security whitepaper L01). What it is about is on flash all the
time: it goes on after a restart, and each status is a record of the transaction log.

The host does what touches its hardware: `station.transfers()` fetches files, `station.updater()`
unpacks and starts programs (docs/firmware-update.md), or `station.on_update` does everything.
"""

from ocpp.clock import Timer
from ocpp.log import log
from ocpp.txlog import EVENT

FILE = "update"
_RETRIES = const(2)  # where the request names none
_PAUSE_S = const(60)
_LONGEST_S = const(86400)
_LIMIT = const(2097152)  # bytes of a firmware file
_SETTLED_S = const(5)  # uptime from which a new program may be judged
_FINAL = const(
    "DownloadFailed,InstallationFailed,InstallVerificationFailed,InvalidSignature,Installed"
)


class Update:
    """Phases, each begun only once it is on flash:

    wait     for the date from which the file may be fetched
    get      it is fetched, with pauses between tries
    check    its signature is checked, if one came with the request
    unpack   into the spare slot
    ready    until the installation date, and until no transaction runs
    install  the new program is started, judged, and confirmed or sent back
    host     the host does it all, and tells
    """

    def __init__(self, station):
        self._station = station
        stored = station.store.load(FILE)
        self.state = stored if isinstance(stored, dict) else {}
        self._path = station.store.root + "/update.bin"
        self.job = None  # the generator at work
        self._timer = Timer(station.clock)  # to the next try; of the trial
        self._tag = None  # of the file fetched, as it is on flash
        self._asked = False  # the restart was asked for
        self._updater = None  # of the host, while something is installed

    @property
    def phase(self):
        return self.state.get("phase")

    @property
    def busy(self):
        return self.phase is not None

    def begin(
        self,
        location,
        retrieve_date,
        install_date=None,
        retries=None,
        retry_interval=None,
        request_id=None,
        check=None,
    ):
        """Fetch `location` from `retrieve_date` on (Unix s or None), install it from
        `install_date` on. `retries`: further tries, `retry_interval` s apart. `check`: (module,
        function, JSON value): `function(station, path, value)` is a generator that looks at the
        file and returns None or the status it fails with; a name, for it has to be known after a
        restart, too. -> "Accepted", "AcceptedCanceled" (what was under way is given up),
        "Rejected"."""
        if self.phase == "install":
            return "Rejected"
        state = {
            "phase": "wait",
            "url": location,
            "from": retrieve_date,
            "install": install_date,
            "left": _RETRIES if retries is None else max(0, min(retries, 100)),
            "pause": _PAUSE_S
            if retry_interval is None
            else max(0, min(retry_interval, _LONGEST_S)),
            "id": request_id,
            "check": check,
            "tag": {},
        }
        host = self._station.on_update
        if host and host(state) is not False:
            state = {"phase": "host", "id": request_id}
        before = self.busy
        self._drop()
        self.state = state
        if not self._save():
            self.state = {}
            return "Rejected"
        if request_id is not None and self._ahead("from") and self.phase == "wait":
            self._tell("DownloadScheduled")
        return "AcceptedCanceled" if before else "Accepted"

    def told(self, status):
        """The host tells how its update goes on: a status of the security whitepaper, §6.8."""
        if status in _FINAL.split(","):
            self._end(status)
        else:
            self._tell(status)

    def step(self):
        """Ten times a second."""
        phase = self.phase
        if self.job:
            if phase == "get" and self.state["tag"].get("tag") != self._tag:
                self._tag = self.state["tag"].get("tag")
                self._save()  # after a power cut it is gone on with
        elif phase in ("get", "check", "unpack"):
            if not self._timer.running or self._timer.expired():
                self._work(getattr(self, "_" + phase)())
        elif phase in ("wait", "ready", "install"):
            getattr(self, "_" + phase)()
        elif phase not in (None, "host"):  # of other firmware, which did not stay
            self._end("InstallationFailed")

    # -- inside ----------------------------------------------------------------------------------

    def _work(self, steps):
        """Have a generator run as a job, until the next phase."""
        self._station.tidy()  # what led here is not needed any more
        self.job = self._guarded(steps)
        self._station.jobs.append(self.job)

    def _guarded(self, steps):
        try:
            yield from steps
        except Exception as e:  # whatever it is, the central system learns of the end
            log.error("update", self.phase, "failed:", repr(e))
            log.trace(e)
            self._fail("DownloadFailed" if self.phase == "get" else "InstallationFailed")
        finally:
            self.job = None
            self._station.quiet_soon()

    def _wait(self):
        if self._ahead("from"):
            return
        if self.state["id"] is not None and not self._station.installing and self._waits():
            return self._close()  # L01.FR.07
        self._go("get")
        self._tell("Downloading")

    def _waits(self):
        """True if a transaction has to end first, and none is to begin."""
        return self._charging() and not self._station.settings.get(
            "ChargingStation.AllowNewSessionsPendingFirmwareUpdate"
        )

    def _charging(self):
        """True if there is a transaction that new firmware waits for."""
        station = self._station
        return any([c.tx for c in station.connectors]) and not station.settings.get(
            "FirmwareInstallAtOnce"
        )

    def _close(self):
        """No session begins any more until it is done."""
        self._station.installing = True
        for c in self._station.connectors:
            if c.grant and not c.tx:
                c.revoke()

    def _get(self):
        state = self.state
        try:
            files = self._station.transfers
            if files is None:
                raise OSError("no file transfer here")
            yield from files().get(state["url"], self._path, _LIMIT, state["tag"])
        except MemoryError:
            raise
        except Exception as e:
            log.warn("update", "download:", e)
            hopeless = isinstance(e, OSError) or getattr(e, "kind", "") in ("url", "size")
            if hopeless or state["left"] <= 0:
                return self._fail("DownloadFailed")
            state["left"] -= 1
            self._save()
            return self._timer.start_s(state["pause"])
        self._tell("Downloaded")
        self._go("check" if state["check"] else "unpack")

    def _check(self):
        module, name, value = self.state["check"]
        module = __import__(module, None, None, (name,))
        failure = yield from getattr(module, name)(self._station, self._path, value)
        if failure:
            self._fail(failure)
            return self._station.security_event("InvalidFirmwareSignature")
        self._tell("SignatureVerified")
        self._go("unpack")

    def _unpack(self):
        updater = self._station.updater
        try:
            if updater is None:
                raise ValueError("nothing can be installed here")
            version = yield from updater().unpack(self._path, bool(self.state["check"]))
        except (ValueError, OSError) as e:
            log.error("update", "not installed:", e)
            bad = isinstance(e, ValueError)
            return self._fail("InstallVerificationFailed" if bad else "InstallationFailed")
        _remove(self._path)
        log.info("update", "version", version, "is ready")
        self._go("ready")
        if self.state["id"] is not None and (self._ahead("install") or self._charging()):
            self._tell("InstallScheduled")

    def _ready(self):
        """Until it is time, and no transaction runs; meanwhile none begins."""
        station = self._station
        if self._ahead("install"):
            return
        waits = self._charging()
        if not station.installing and (not waits or self._waits()):
            self._close()
        if waits:
            return
        allowed = station.reset_allowed
        if allowed and allowed("Firmware") is False:
            return
        self._go("install")
        self._tell("Installing")

    def _install(self):
        """Start the new program, or judge it once it runs."""
        station = self._station
        if self._updater is None:
            self._updater = station.updater()
        updater = self._updater
        result = updater.result()
        if result == "confirmed":
            self._end("Installed")
        elif result == "failed":
            self._end("InstallationFailed")
        elif result == "trial":
            self._judge(updater)
        elif not self._asked:
            self._start(result)
        elif not station.resetting:  # it could not be done
            updater.revert("no restart")
            self._end("InstallationFailed")

    def _start(self, result):
        try:
            if not result and not self._updater.activate():
                return self._end("Installed")  # without a restart
        except OSError as e:
            log.error("update", "not started:", e)
            return self._end("InstallationFailed")
        if self.state["id"] is not None:
            self._tell("InstallRebooting")
        self._restart()

    def _judge(self, updater):
        """The new program runs: is it good?"""
        station = self._station
        if self._asked or station.clock.uptime() < _SETTLED_S:
            return
        if not self._timer.running:
            self._timer.start_s(station.settings.get("FirmwareTrialTime"))
        why = station.self_test() if station.self_test else None
        if why is None and not station.registration.accepted:
            if not self._timer.due():
                return
            why = "not accepted by the central system in time"
        if why is None:
            updater.confirm()
            self._end("Installed")
        else:
            log.error("update", "the new firmware fails:", why)
            updater.revert(why)
            self._restart()

    def _restart(self):
        self._asked = True
        self._station.part("reset").request("Firmware")

    def _ahead(self, name):
        """True while a date of the request lies in the future."""
        date = self.state.get(name)
        now = self._station.clock.unix()
        return date is not None and (now is None or date > now)

    def _go(self, phase):
        self.state["phase"] = phase
        self._timer.stop()
        self._save()

    def _save(self):
        return self._station.store.save(FILE, self.state)

    def _tell(self, status):
        self.state["told"] = status
        data = {"what": "firmware", "status": status}
        if self.state.get("id") is not None:
            data["id"] = self.state["id"]
        self._station.append(EVENT, None, data)
        log.info("update", status)

    def _fail(self, status):
        """It failed before anything was started."""
        if self.phase == "unpack":
            self._tell("Installing")  # what the failure is about
        self._end(status)

    def _end(self, status):
        if status == "Installed":
            self._station.security_event("FirmwareUpdated")
        self._tell(status)
        self._station.installing = False
        _remove(self._path)
        self.state = {"told": status, "id": self.state.get("id")}
        self._save()
        self._station.quiet_soon()

    def _drop(self):
        """Give up what is under way."""
        job = self.job
        if job in self._station.jobs:
            self._station.jobs.remove(job)
            job.close()
        self.job = None
        self._station.installing = False
        self._timer.stop()
        self._tag = None
        _remove(self._path)


def _remove(path):
    import os

    try:
        os.remove(path)
    except OSError:
        pass
