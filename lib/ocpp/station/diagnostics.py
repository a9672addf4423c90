"""What is uploaded as diagnostics or log: lines of text, compressed where the port can. In memory
only while a file is written."""

import gc
import json

from ocpp.iso import to_iso
from ocpp.log import log

_MOST = const(65536)  # characters of a file
_LINE = const(1000)  # of a line
_WINDOW = const(10)  # bits of the compressor's window: 1 kB

try:
    import deflate

    compresses = hasattr(deflate.DeflateIO, "write")
except ImportError:
    compresses = False


def file_name(station, what):
    """Name of the file to upload: station, kind and time are in it."""
    id = station.config.get("ocpp", {}).get("id", "")
    id = "".join([c if c.isalpha() or c.isdigit() or c in "-_." else "_" for c in id])[:48]
    unix = station.clock.unix()
    when = to_iso(unix).replace(":", "").replace("-", "") if unix else "%d" % station.clock.boot
    kind = "security" if what == "SecurityLog" else "diagnostics"
    return "%s-%s-%s.txt%s" % (id, kind, when, ".gz" if compresses else "")


def write(station, state, path):
    """Write the file that `state` (of `upload.Upload`) asks for: a generator. A full flash
    shortens it."""
    file = out = open(path, "wb")
    try:
        if compresses:
            out = deflate.DeflateIO(file, deflate.GZIP, _WINDOW)
        left = _MOST
        for line in lines(station, state):
            if line is not None:
                data = (line[:_LINE] + "\n").encode()
                left -= len(data)
                if left < 0:
                    out.write(b"(cut off here)\n")
                    break
                out.write(data)
            yield
    except OSError as e:
        log.warn("upload", "cut off, flash full:", e)
    finally:
        try:
            if out is not file:
                out.close()
            file.close()
        except OSError:
            pass


def lines(station, state):
    """The lines of the file; None where there is nothing yet."""
    oldest, latest = state.get("oldest"), state.get("latest")
    more = station.on_diagnostics
    if state["what"] == "SecurityLog":
        from ocpp.station import security_log

        yield from security_log.lines(station, oldest, latest)
        return
    yield from _station(station)
    yield "[settings]"
    for name, text, _, _ in station.settings.rows():  # what may not be read has no text
        if text is not None:
            yield "%s=%s" % (name, text)
    yield from _transactions(station)
    if more:
        try:
            yield from more(oldest, latest)
        except Exception as e:  # a part that is missing is no reason to send nothing
            log.error("upload", "diagnostics of the host failed:", repr(e))
            log.trace(e)


def _station(station):
    unix = station.clock.unix()
    gc.collect()
    known = station.config.get("charge_point", {})
    yield "[station]"
    for name in ("vendor", "model", "serial", "firmware"):
        yield "%s=%s" % (name, known.get(name, ""))
    yield "time=%s" % (to_iso(unix) if unix else "unknown")
    yield "boot=%d %s" % (station.clock.boot, station.boot_reason)
    yield "uptime_s=%d" % station.clock.uptime()
    yield "heap_free=%d" % gc.mem_free()
    for name, value in station.ocpp_status().items():
        yield "%s=%s" % (name, json.dumps(value))
    yield "dropped_messages=%d" % getattr(station.rpc, "dropped", 0)
    for thing, number in [(station, 0)] + [(c, c.id) for c in station.connectors]:
        errors = [(e.code, e.info, e.vendor_code) for e in thing.errors]
        yield "connector %d: %s %s" % (number, thing.state(), json.dumps(errors))
    yield None


def _transactions(station):
    txlog = station.log
    yield "[transaction log]"
    for name in ("seq", "cursor", "segments", "damaged", "dropped", "full"):
        yield "%s=%s" % (name, getattr(txlog, name))
    yield "pending=%d parked=%d" % (txlog.pending(), txlog.parked())
    for key, connector in txlog.open_transactions():
        yield "open: %s at connector %d, csms id %s" % (key, connector, txlog.csms_id(key))
    for record, why in txlog.parked_records():
        yield "parked: %s record %d: %s" % (record.key, record.seq, why)
        yield None
