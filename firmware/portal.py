"""Set-up: an access point of the charger's own with one page, for a while, and the same by the
serial line. Ends with a configuration that can be used.

The access point's password is that of the label: in the file `label`, made by chance at the first
start if nobody has put it there, and told on the serial line.
"""

import asyncio
import os

import commission
import terminal
from talk import change

from ocpp.clock import Clock, Timer
from ocpp.log import log

_POINT_S = const(900)  # so long the access point is there after a start
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # none that look alike
_LENGTH = const(10)
_STEP_MS = const(50)
_END_MS = const(2000)  # for the page to be seen before the restart


class Portal:
    """`port`: see boards/port.py; `boards`: names of those in this build; `seconds`: the longest
    that this may last, None: for ever."""

    http, dns = 80, 53  # where it listens

    def __init__(self, port, folder, root, boards, seconds):
        self._port = port
        self._folder = folder
        self._boards = boards
        self._board = [name for name in boards if name != "sim"][0] if boards else "sim"
        self._label = _label(root + "/label")
        self._point = None
        self._console = self._listening = None  # tasks
        self._server = None
        self._names = None  # the name server, while the access point is there
        # None in safe mode: no pin is touched then
        self._lights = None if seconds else _lights(self._board)
        clock = Clock()
        self._end = Timer(clock)
        self._off = Timer(clock)
        self._off.start_s(_POINT_S)
        if seconds:
            self._end.start_s(seconds)

    async def run(self):
        """Until the configuration is there, or the time is over."""
        self._open()
        folder, board = self._folder, self._board
        commands = {
            "set": lambda rest: self._changed(change(folder, board, "set", rest)),
            "config": lambda rest: self._changed(change(folder, board, "config", rest)),
            "reboot": lambda rest: self._finish() or ["restarting"],
        }
        self._console = asyncio.create_task(terminal.serial(commands, {"port": self._port}).run())
        while not self._end.due():
            if self._off.expired():
                self._close()
            if self._names:
                self._names.step()
            if self._lights:
                self._lights.step()
            await asyncio.sleep_ms(_STEP_MS)
        self._close()

    def _changed(self, lines):
        for line in lines:
            yield line
            if line.startswith("= ok"):
                self._finish()

    def _finish(self):
        self._end.start(_END_MS)

    # -- the access point -------------------------------------------------------------------------

    def _open(self):
        name = "ocppy-" + self._port.identity()[-6:]
        print("ocppy: set-up by the serial line: set {...}, config {...}, reboot")
        try:
            self._point = point = self._port.access_point()
            self._port.secure_point(point, name, self._label)
            where = point.ifconfig()[0]
            self._listening = asyncio.create_task(self._listen(where))
            print(
                "ocppy: set-up by Wi-Fi %s, password %s, http://%s/" % (name, self._label, where)
            )
        except Exception as e:  # no radio, or a broken one: there is the serial line
            self._point = None
            print("ocppy: no access point:", repr(e))

    async def _listen(self, address):
        try:
            from web import Server

            serve = Server(self._respond).handle_request
            self._server = await asyncio.start_server(serve, "0.0.0.0", self.http, 2)
            from captive import Names

            self._names = Names(address, self.dns)
        except (OSError, ImportError, AttributeError, ValueError) as e:
            print("ocppy: no set-up page, or not found by itself:", repr(e))

    def _close(self):
        for listener in (self._server, self._names):
            if listener:
                listener.close()
        self._server = self._names = None
        if self._point:
            try:
                self._point.active(False)
            except Exception as e:
                log.warn("network", "access point does not switch off:", repr(e))
            self._point = None
            print("ocppy: the access point is off")

    # -- the page ---------------------------------------------------------------------------------

    def _respond(self, request):
        """Called by the server. Whatever is asked for, the page is the answer: telephones look for
        pages of their own to see whether they are online."""
        from web import answer

        if request.method == "POST":
            return self._saved(request, answer)
        return answer(self._page(""), kind="text/html")

    def _saved(self, request, answer):
        try:
            told = commission.fields(request.body)
            commission.apply(self._folder, self._boards, self._board, told)
        except (commission.ConfigError, ValueError, OSError) as e:
            return answer(self._page(str(e)), kind="text/html")
        self._finish()
        return answer("Saved. The charger restarts.\n", kind="text/plain")

    def _page(self, message):
        from page import page

        return page(commission.current(self._folder, self._board), message)


def _lights(board):
    """Lights that show the set-up, if the board has any."""
    try:
        import hardware

        found = hardware.lights(board)
        if found:
            found.show("setup")
        return found
    except Exception as e:  # drivers raise what they like; there is the page
        print("ocppy: no lights:", repr(e))
        return None


def _label(path):
    """The password on the label; made if there is none."""
    try:
        with open(path) as file:
            text = file.read(64).strip()
            if len(text) >= 8:
                return text
    except (OSError, UnicodeError):
        pass
    text = "".join([_LETTERS[b % len(_LETTERS)] for b in os.urandom(_LENGTH)])
    try:
        with open(path, "w") as file:
            file.write(text)
    except OSError as e:
        log.warn("setup", "the password is not kept:", repr(e))
    return text
