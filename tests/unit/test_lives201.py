# heap: 8M
# timeout: 600
# marks: slow
"""Random lives of a station of OCPP 2.0.1, see `lives201.py`."""

from lives201 import Life

from ocpp.log import log

_LIVES = const(8)
_STEPS = const(50)


def live(seed):
    life = Life(seed)
    try:
        for _ in range(_STEPS):
            life.step()
        life.calm()
        return life.judge(), life.cuts
    except Exception as e:
        print("life", seed)
        for line in life.story:
            print("   ", line)
        raise e
    finally:
        log.sink = None
        life.flash.umount()


def test_random_lives():
    told = cuts = 0
    for seed in range(_LIVES):
        more = live(seed)
        told += more[0]
        cuts += more[1]
    print("%d transactions, %d power cuts" % (told, cuts))
    assert told > 2 * _LIVES and cuts >= _LIVES
