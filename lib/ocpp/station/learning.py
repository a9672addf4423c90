"""What the central system said of an identifier with a transaction: acted on at once, kept by a
job. Imported for that."""

from ocpp.modules import unload
from ocpp.station.identity import ACCEPTED


def started(station, key, id_token, csms_id, info):
    """It has answered the start of the transaction `key`."""
    learn(station, id_token, info)
    for c in station.connectors:
        if c.tx and c.tx.key == key:
            c.tx.id = csms_id
            if info.parent and not c.tx.parent:
                c.tx.parent = info.parent
            c.languages = info.languages or c.languages
            if info.status != ACCEPTED:
                c.deauthorize()


def learn(station, id_token, info):
    """Keep `info` of an identifier, see `Authorization.learn`."""
    station.jobs.append(_learn(station, id_token, info))


def _learn(station, id_token, info):
    yield from station.tidying()  # what led here is not needed any more
    station.authorization.learn(id_token, info)
    station.spare("authorization")
    unload("ocpp.statefiles")
