"""Boards with pins: what `board.json` and the configuration describe, put together with `machine`.

    board = hardware.load(config, folder)     config: checked, with its key "hardware"

A board that needs more than data has a `board.py` of its own, with a class `Board` that extends
that of `hardware.board`.
"""


def load(config, folder):
    """The board of a configuration. `folder`: where its meters keep their registers; made if it is
    not there. Parts that fail are told by the board; only a fault of the program raises."""
    name = config["board"] + ".board"
    try:
        module = __import__(name, None, None, ("Board",))
    except ImportError as e:
        if str(e) not in ("no module named '%s'" % name, "no module named '%s'" % config["board"]):
            raise
        from hardware import board as module
    return module.Board(config, folder)


def lights(name):
    """The lights of a board as it is delivered, for its set-up. None: it has none."""
    import boardfile
    import composition

    board = boardfile.board(name)
    if not board.get("hardware", {}).get("lights"):
        return None
    plan = composition.check({}, board, boardfile.chip(board["chip"]))[0]
    from hardware import build, front
    from ocpp.clock import Clock

    return front.lights(build.Builder(plan, Clock(), None), plan["lights"])
