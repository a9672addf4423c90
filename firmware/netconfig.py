"""The part `network` of the configuration. In memory only while it is checked."""

from rules import fits, nearest, words

_RULES = {
    "wifi": (list, []),
    "hostname": (32, ""),
    "country": (2, ""),
    "ntp": (253, ""),
}
_WIFI = {"ssid": (-32, ...), "password": (63, "")}
_MOST = const(8)  # networks


def check(data, refuse, unknown):
    """`data` with all defaults filled in. `refuse(key, value, accepted)`,
    `unknown(key, value, near, known)` raise."""
    made = _table(data, _RULES, "network.", refuse, unknown)
    if len(made["wifi"]) > _MOST:
        refuse("network.wifi", len(made["wifi"]), "at most %d networks" % _MOST)
    networks = []
    for i in range(len(made["wifi"])):
        key = "network.wifi[%d]" % i
        found = made["wifi"][i]
        if not isinstance(found, dict):
            refuse(key, found, 'an object with "ssid" and "password"')
        found = _table(found, _WIFI, key + ".", refuse, unknown)
        if 0 < len(found["password"]) < 8:
            refuse(key + ".password", found["password"], "8 to 63 characters, or none")
        networks.append(found)
    made["wifi"] = networks
    return made


def _table(data, rules, prefix, refuse, unknown):
    for key in data:
        if key not in rules:
            unknown(prefix + key, data[key], nearest(key, rules), rules)
    made = {}
    for key in rules:
        rule, default = rules[key]
        if key not in data and default is ...:
            refuse(prefix + key, None, words(rule))
        value = made[key] = data.get(key, default)
        if not fits(value, rule):
            refuse(prefix + key, value, words(rule))
        if key == "country" and value and not (len(value) == 2 and value.isalpha()):
            refuse(prefix + key, value, 'two letters, like "DE"')
    return made
