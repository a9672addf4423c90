"""Start on a chip: what is wrong is found out, and then the charger runs, or the set-up, or, after
too many failed starts, safe mode.

| | contactors | ends |
| --- | --- | --- |
| the charger | as the car wants | never |
| set-up: no configuration can be used | open | with a configuration |
| safe mode: `starts.SAFE` starts in a row were short | open | after `_SAFE_S`, or with one |

`/data` holds configuration, state and slots; it may be a partition of its own. `/spare` holds the
second copy of the configuration, `/memory` stands for `/data` while the flash takes nothing. The
slot is chosen before anything of the program is loaded.
"""

import asyncio
import gc
import os
import sys

from starts import Starts

from ocpp.log import log

_DATA = "/data"
_SPARE = "/spare"
_MEMORY = "/memory"
_WATCHDOG_MS = const(8000)  # the longest that RP2 can
_SAFE_S = const(600)
_API_PORT = const(80)
_CLIENTS = const(4)
# Stays in memory, each before what imports it: imports one within the other take 0.7 kB of stack
# each, and RP2 has 8 kB in all, of which the safety tick needs one.
_KEPT = (
    "ocpp.log ocpp.calls ocpp.clock ocpp.modules ocpp.station.identity ocpp.host ocpp.ondemand "
    "ocpp.station.session ocpp.station.connector ocpp.records ocpp.store ocpp.txfiles ocpp.txlog "
    "ocpp.station.delivery ocpp.station.limits ocpp.station.registration ocpp.station.settings "
    "ocpp.station.status ocpp.rpc ocpp.connection ocpp.instance "
    "wsclient.utf8 wsclient.frames wsclient.link "
    "evse.timing evse.hal evse.pilot evse.guard evse.controller"
)
_TAKEN = "provision config rules commission netconfig composition parts wiring boardfile".split()


def main(port=None, root=""):
    """Run for ever. `port`: see `boards/port.py`; `root`: of the file system, for tests."""
    if port is None:
        import port
    log.set_level("info")
    starts = Starts(root)
    usual = starts.begin()
    reason = starts.reason(port.cause())
    print("ocppy: start %s, %d bytes free" % (reason, gc.mem_free()))
    folder = root + _DATA
    damaged, folder = _storage(port, folder)
    given = _configuration(folder, root + _SPARE)
    try:
        if not usual:
            print("ocppy: safe mode, %d starts have failed" % starts.failed)
            _set_up(port, folder, root, starts, _SAFE_S)
        elif isinstance(given, str):
            print("ocppy: no configuration:", given)
            starts.sound()
            _set_up(port, folder, root, starts, None)
        else:
            _charge(port, folder, starts, reason, given[0], damaged + given[1])
    except KeyboardInterrupt:
        print("ocppy: stopped, contactors are open")


def boards():
    """Names of the boards in this build."""
    from boardfile import names

    return names()


def _storage(port, folder):
    """Bring up what the station's state is on; -> names of what was damaged, and where it is: in
    memory, should the flash take nothing."""
    import partition

    _make(folder)
    damaged = []
    try:
        device = port.data()
        if device is not None:
            damaged = partition.mount(device, folder)
    except OSError as e:
        log.error("flash", "no file system for the state:", repr(e))
    if not partition.takes(folder):
        log.error("flash", "takes nothing: what is to be kept is lost when power goes")
        partition.in_memory(folder, _MEMORY)
        return ["file system"], _MEMORY
    forget(("partition",))
    return damaged, folder


def _make(folder):
    try:
        os.mkdir(folder)
    except OSError:
        pass  # it is there; if it can't be, whatever is written there tells


def _configuration(folder, spare):
    """(configuration, names of what was damaged), or, if there is none, what is wrong."""
    import provision

    try:
        return provision.configuration(folder, boards(), spare)
    except provision.ConfigError as e:
        return str(e)
    except (OSError, MemoryError) as e:
        return repr(e)
    finally:
        forget(_TAKEN)


def forget(names):
    """Let modules go."""
    for name in names:
        sys.modules.pop(name, None)
    gc.collect()


def _charge(port, folder, starts, reason, config, damaged):
    """Run the charger. The watchdog comes first: a part that hangs as it is made is one more start
    that has failed."""
    dog = port.watchdog(_WATCHDOG_MS)
    program = _choose(folder, config)
    _load(_KEPT)
    board = _board(config, folder)
    try:
        if dog:
            dog.feed()
        from runner import Runner

        def leave(why):
            starts.leave(why)
            board.close()
            port.reset()

        runner = Runner(board, config, folder, damaged, reason, program, leave)
        from services import Services

        services = Services(runner, port, starts, _network(config["board"]))
        runner.chores.append(services)
        runner.watchdog = dog
        if dog:
            dog.feed()
        runner.ready()  # now, as the event loop takes a third of the stack
        asyncio.run(_serve(runner, services))
    except KeyboardInterrupt:
        if dog:
            port.keep_feeding(dog)  # for the prompt
        raise
    finally:
        board.close()


def _load(names):
    for name in names.split():
        try:
            __import__(name)
        except ImportError:
            pass  # another version of the program may not have it


def _choose(folder, config):
    """Have the program imported from the slot whose turn it is; -> (its folder, its version)."""
    from slots import Slots, use

    found = Slots(folder, delivered=config["charge_point"]["firmware"]).start()
    use(found[0])
    forget(["slots", "ocpp.store", "ocpp.statefiles"])
    return found


def _board(config, folder):
    import hardware

    board = hardware.load(config, folder)
    board.online = False  # until `services.Network` says otherwise
    return board


def _network(name):
    """How the board is wired to its network."""
    from boardfile import board

    try:
        return board(name).get("network")
    finally:
        forget(["boardfile"])


async def _serve(runner, services):
    from talk import Talk
    from terminal import serial

    talk = Talk(runner, services)
    task = asyncio.create_task(serial(talk.commands, talk.scope).run())
    await _listen(runner)
    try:
        # As a task of its own it is called from further up: RP2 has 32 calls in all.
        await asyncio.create_task(runner.run())
    finally:
        task.cancel()


async def _listen(runner):
    """The control API and the web console, where the configuration gives them a password."""
    wanted = runner.config["console"]
    if not (wanted["enabled"] and wanted["password"]):
        return
    try:
        from door import Door

        await asyncio.start_server(Door(runner).serve, "0.0.0.0", _API_PORT, _CLIENTS)
    except (ImportError, AttributeError, OSError) as e:
        log.error("api", "can't listen:", repr(e))


def _set_up(port, folder, root, starts, seconds):
    """Wait for a configuration; at most `seconds`, None: for ever."""
    from portal import Portal

    asyncio.run(Portal(port, folder, root, boards(), seconds).run())
    starts.sound()
    port.reset()
