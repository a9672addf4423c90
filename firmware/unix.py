"""Start of the firmware on the unix port: `micropython -m unix --flash DIR --api HOST:PORT ...`.

Run by `tools/charger`, which also stops it: by closing its standard input.
"""

import asyncio
import gc
import os
import sys

from ocpp.log import log

_COLLECT = const(16384)  # bytes: collecting early keeps what lives long together


def options(words):
    """Options of the command line as a dict; they come in pairs."""
    found = {"--world": "fresh", "--speed": "1", "--log": "warn"}
    for i in range(0, len(words) - 1, 2):
        found[words[i]] = words[i + 1]
    return found


def boards():
    """Names of the boards in this build: folders with a `board` module."""
    names = []
    for folder in sys.path:
        try:
            for entry in os.ilistdir(folder or "."):
                if entry[1] == 0x4000 and _has_board((folder or ".") + "/" + entry[0]):
                    names.append(entry[0])
        except OSError:
            pass  # .frozen is no folder
    return names


def _has_board(folder):
    return any(name.startswith("board.") and name.endswith("py") for name in os.listdir(folder))


def configuration(folder):
    """(configuration, what was found damaged on the way); None, and one line on standard error, if
    there is none that can be used."""
    import provision  # only here: it is not needed afterwards

    try:
        return provision.configuration(folder, boards())
    except provision.ConfigError as e:
        print("charger: configuration: %s" % e, file=sys.stderr)
        return None
    finally:
        for name in ("provision", "config", "rules", "netconfig"):
            sys.modules.pop(name, None)


async def serve(runner, host, port):
    """Control API and firmware, until standard input ends."""
    from door import Door

    try:
        await asyncio.start_server(Door(runner).serve, host, port, 16)
    except OSError as e:
        print("charger: can not listen on %s:%d: %s" % (host, port, e), file=sys.stderr)
        return 1
    print("charger: api http://%s:%d/" % (host, port))
    watcher = asyncio.create_task(_watch_input(runner))
    await runner.run()
    watcher.cancel()
    return 0


async def _watch_input(runner):
    await asyncio.StreamReader(sys.stdin.buffer).read(1)
    runner.stop()


def main():
    gc.threshold(_COLLECT)
    wanted = options(sys.argv[1:])
    log.set_level(wanted["--log"])
    folder = wanted["--flash"]
    given = configuration(folder)
    if given is None:
        return 2
    found, damaged = given
    pace, record = float(wanted["--speed"]), None
    if "--record" in wanted:
        from recording import Recorder

        record = Recorder(wanted["--record"])
        pace = record.pace(pace)
    board = __import__(found["board"] + ".board", None, None, ("Board",)).Board(
        found, folder + ".world", pace, wanted["--world"] == "keep"
    )
    from runner import Runner

    if record:
        record.begin(board)
    host, _, port = wanted["--api"].rpartition(":")
    runner = Runner(board, found, folder, damaged, record=record)
    try:
        return asyncio.run(serve(runner, host.strip("[]"), int(port)))
    except MemoryError as e:
        gc.collect()
        sys.print_exception(e, sys.stderr)
        print("charger: not enough memory: a larger --heap is needed", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
