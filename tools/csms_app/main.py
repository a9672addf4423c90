"""Command line of the local CSMS."""

import argparse
import asyncio
import logging
import pathlib
import signal
import socket
import sqlite3
import sys

from aiohttp import web

from csms_app import config, schemas
from csms_app.csms import CSMS
from csms_app.files import FTP
from csms_app.rest import Rest
from csms_app.server import Endpoint, tls_context
from csms_app.store import Store

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_LEVELS = {"quiet": logging.WARNING, "info": logging.INFO, "debug": logging.DEBUG}

log = logging.getLogger("csms")


class UsageError(Exception):
    """One line for a wrong flag or configuration; exit status 2."""


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise UsageError(message)


def main(argv=None):
    """Run until SIGTERM or SIGINT. Returns the exit status."""
    try:
        options = _options(sys.argv[1:] if argv is None else argv)
        _start_log(options.log)
        asyncio.run(_run(options))
    except (UsageError, config.ConfigError) as e:
        print("csms: " + " ".join(str(e).split()), file=sys.stderr)
        return 2
    return 0


def _options(argv):
    parser = _Parser("csms", description="A local CSMS for OCPP 1.6, 2.0.1 and 2.1.")
    add = parser.add_argument
    add(
        "--listen",
        metavar="HOST:PORT",
        default="127.0.0.1:9000",
        help="for stations (%(default)s)",
    )
    add("--http", metavar="HOST:PORT", default="127.0.0.1:9001", help="page, API (%(default)s)")
    add("--db", metavar="FILE", default=str(_ROOT / "csms.sqlite"), help="store (%(default)s)")
    add("--config", metavar="FILE", help="JSON, see tools/csms_app/README.md")
    add(
        "--log",
        metavar="LEVEL",
        choices=_LEVELS,
        default="info",
        help="quiet, info, debug: frames",
    )
    options = parser.parse_args(argv)
    options.listen = _address("--listen", options.listen)
    options.http = _address("--http", options.http)
    return options


def _address(flag, text):
    host, colon, port = text.rpartition(":")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        text = "%s %s: accepted: HOST:PORT with a port from 0 to 65535" % (flag, text)
        raise UsageError(text)
    return host, int(port)


def _start_log(level):
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.WARNING,
        format="%(asctime)s %(message)s",
        datefmt="%H:%M:%S",
    )
    log.setLevel(_LEVELS[level])


async def _run(options):
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    settings = config.load(options.config)
    store = _open_store(options.db, settings)
    try:
        csms = CSMS(settings, store)
        await _serve(csms, options, stop)
        csms.save()
    finally:
        store.close()


def _open_store(path, settings):
    try:
        return Store(path, settings["keep_frames"])
    except sqlite3.Error as e:
        text = "--db %s: %s; accepted: a store of this program, or the name of a new one"
        raise UsageError(text % (path, e)) from None


def _tell_missing(versions):
    for version in schemas.VERSIONS:
        if version not in versions:
            text = "OCPP %s is not offered: the installed `ocpp` package lacks its schemas"
            log.warning(text, version)


async def _serve(csms, options, stop):
    tls = _tls(csms)
    endpoint = await _listen("--listen", options.listen, Endpoint(csms, tls).listen)
    folder = pathlib.Path(options.db + ".files")
    rest = Rest(csms, _is_loopback(options.http[0]), folder)
    runner = web.AppRunner(rest.app, access_log=None, shutdown_timeout=1)
    ftp = await _start_ftp(folder, options.http[0], csms.config["ftp_port"])
    saver = asyncio.ensure_future(csms.save_for_ever())
    try:
        await runner.setup()
        http = await _listen("--http", options.http, lambda *at: _start_site(runner, *at))
        scheme = "wss" if csms.config["tls"] else "ws"
        ocpp_at = _url(scheme, options.listen[0], endpoint.sockets[0].getsockname()[1])
        http_at = _url("http", options.http[0], http)
        _tell_missing(csms.versions)
        print("csms: ocpp %s http %s" % (ocpp_at, http_at), flush=True)
        await stop.wait()
    finally:
        saver.cancel()
        endpoint.close()
        if ftp is not None:
            ftp.close()
        await runner.cleanup()
        await endpoint.wait_closed()


def _tls(csms):
    try:
        return tls_context(csms.config["tls"], csms.authority)
    except OSError as e:
        text = "tls: %s; accepted: PEM files of a certificate, its key, and CA certificates"
        raise UsageError(text % e) from None


async def _start_ftp(folder, host, port):
    """The FTP server of the folder, None without a port for it."""
    if port is None:
        return None

    async def start(host, port):
        return FTP(folder, host, port)

    ftp = await _listen("ftp_port", (host, port), start)
    log.warning("ftp: %s", _url("ftp", host, ftp.port))
    return ftp


async def _start_site(runner, host, port):
    """Start the web server; returns its port."""
    site = web.TCPSite(runner, host, port)
    await site.start()
    return runner.addresses[0][1]


async def _listen(flag, address, start):
    try:
        return await start(*address)
    except (OSError, OverflowError) as e:
        reason = e.strerror if isinstance(e, OSError) and e.strerror else str(e)
        text = "%s %s:%d: %s; accepted: a free address of this machine"
        raise UsageError(text % (flag, *address, reason)) from None


def _url(scheme, host, port):
    host = "[%s]" % host if ":" in host else host
    return "%s://%s:%d/" % (scheme, host, port)


def _is_loopback(host):
    try:
        found = socket.getaddrinfo(host, None)
    except OSError:
        return False
    return all(f[4][0].startswith("127.") or f[4][0] == "::1" for f in found)
