"""Authorization: what the token table says of an id token, in the words of 1.6 and 2.x."""

import datetime

from csms_app import schemas

STATUSES = (
    "Accepted",
    "Blocked",
    "ConcurrentTx",
    "Expired",
    "Invalid",
    "NoCredit",
    "NotAllowedTypeEVSE",
    "NotAtThisLocation",
    "NotAtThisTime",
    "Unknown",
)
FIELDS = ("status", "type", "group", "expiry", "limit")
LIMITS = ("maxEnergy", "maxTime", "maxCost", "maxSoC")

_MAX_16 = 20  # characters of an idTag, a parentIdTag
_MAX_TOKEN = 255  # of 2.1; 2.0.1 has 36
_MAX_GROUP = 36
_TYPES_16 = {"NoCredit": "Blocked"}  # other statuses that 1.6 lacks are Invalid there
_STATUSES_16 = ("Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx")


def checked(id, fields):
    """The complete token row for a body of the API. Raises ValueError that names the field."""
    if not isinstance(fields, dict):
        raise ValueError("must be an object, not %.60r" % (fields,))
    if not 0 < len(id) <= _MAX_TOKEN:
        raise ValueError("idTag must have 1 to %d characters" % _MAX_TOKEN)
    for name in fields:
        if name not in FIELDS:
            raise ValueError("%s: unknown field; known are %s" % (name, ", ".join(FIELDS)))
    token = {name: fields.get(name) for name in FIELDS}
    token["status"] = fields.get("status", "Accepted")
    if token["status"] not in STATUSES:
        text = "status: %.60r is none of %s"
        raise ValueError(text % (token["status"], ", ".join(STATUSES)))
    for name, most in (("type", 20), ("group", _MAX_GROUP)):
        value = token[name]
        if value is not None and not (isinstance(value, str) and 0 < len(value) <= most):
            raise ValueError("%s: must be a text of 1 to %d characters" % (name, most))
    _check_expiry(token["expiry"])
    token["limit"] = _limit(token["limit"])
    return dict(token, idTag=id)


def _check_expiry(expiry):
    if expiry is not None:
        try:
            schemas.parse_time(expiry)
        except (TypeError, ValueError):
            text = "expiry: %.60r is no time such as 2030-01-31T12:00:00Z"
            raise ValueError(text % (expiry,)) from None


def _limit(limit):
    """A number is energy in Wh; else an object as `transactionLimit` of 2.1."""
    if limit is None:
        return None
    if _is_number(limit):
        limit = {"maxEnergy": limit}
    if not isinstance(limit, dict):
        raise ValueError("limit: must be a number (Wh) or an object")
    for name, value in limit.items():
        if name not in LIMITS:
            raise ValueError("limit.%s: known are %s" % (name, ", ".join(LIMITS)))
        if not _is_number(value) or value < 0:
            raise ValueError("limit.%s: must be a number from 0" % name)
    return limit


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def status(token, unknown, type=None):
    """Status in the words of 2.x. `token`: row or None; `unknown`: status of unlisted tokens."""
    if token is None:
        return unknown
    if type and token["type"] and type.lower() != token["type"].lower():
        return unknown
    if token["status"] == "Accepted" and token["expiry"]:
        if schemas.parse_time(token["expiry"]) <= datetime.datetime.now(datetime.timezone.utc):
            return "Expired"
    return token["status"]


def info16(token, unknown):
    """`idTagInfo` of 1.6 (§7.27)."""
    word = status(token, unknown)
    if word not in _STATUSES_16:
        word = _TYPES_16.get(word, "Invalid")
    info = {"status": word}
    if token and token["expiry"]:
        info["expiryDate"] = token["expiry"]
    if token and token["group"] and len(token["group"]) <= _MAX_16:
        info["parentIdTag"] = token["group"]
    return info


def info2(token, unknown, id_token):
    """`idTokenInfo` of 2.x for an `idToken` object of a request."""
    type = id_token["type"]
    # Without authorization means free; central tokens are ones the CSMS has made up itself.
    if type == "NoAuthorization" or (type == "Central" and token is None):
        return {"status": "Accepted"}
    info = {"status": status(token, unknown, type)}
    if token and token["expiry"]:
        info["cacheExpiryDateTime"] = token["expiry"]
    if token and token["group"]:
        info["groupIdToken"] = {"idToken": token["group"], "type": "Central"}
    return info
