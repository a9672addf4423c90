"""Where clients of control API and web console come in. Their code is in memory only while there
are clients, and a little longer: without any the door is all there is."""

import gc
import sys
import time

from ocpp.log import log

_LINGER_MS = const(5000)  # after the last client has left
_BORROWED = ("api", "web", "report", "microdot")


class Door:
    """`serve` is for `asyncio.start_server`."""

    def __init__(self, runner):
        self._runner = runner
        self._api = None
        self._clients = 0
        self._left = 0  # ticks when the last one left
        self.idle_heap = None  # bytes in use before its code was loaded

    async def serve(self, reader, writer):
        """One connection."""
        self._clients += 1
        try:
            if self._api is None:
                self._open()
            await self._api.serve(reader, writer)
        except (ImportError, MemoryError) as e:
            log.error("api", "can't be loaded:", repr(e))
            await writer.aclose()
        finally:
            self._clients -= 1
            self._left = time.ticks_ms()

    def step(self):
        """Have the code go, when nobody has been there for a while."""
        if self._clients or time.ticks_diff(time.ticks_ms(), self._left) < _LINGER_MS:
            return
        self._api = None
        self._runner.chores.remove(self)
        for name in list(sys.modules):
            if name.split(".")[0] in _BORROWED:
                del sys.modules[name]
        gc.collect()

    def _open(self):
        gc.collect()
        self.idle_heap = gc.mem_alloc()
        from api import Api

        self._api = Api(self._runner, self)
        self._runner.chores.append(self)
