"""What a value from outside may be: rules small enough for tables, and words for them.

| rule | accepts |
| --- | --- |
| `bool`, `list`, `dict` | a value of that type |
| `40`, `-40` | a string of at most 40 characters; negative: not an empty one |
| `range(1, 9)` | an integer from 1 to 8 |
| `[0, 500]` | a number from 0 to 500 |
| `("a", "b")` | one of these values |
| `(None, rule)` | null, or what `rule` accepts |
"""

_NAMES = {bool: "true or false", list: "a list", dict: "an object"}


def fits(value, rule):
    """True if `value` is what `rule` accepts."""
    if isinstance(rule, type):
        return isinstance(value, rule)
    if isinstance(rule, int):
        return isinstance(value, str) and (rule > 0 or value != "") and len(value) <= abs(rule)
    if isinstance(rule, range):
        # Not `value in rule`: that takes 1.0 and walks the range on MicroPython.
        return is_int(value) and rule[0] <= value <= rule[-1]
    if isinstance(rule, list):
        return (is_int(value) or isinstance(value, float)) and rule[0] <= value <= rule[1]
    if rule[0] is None:
        return value is None or fits(value, rule[1])
    for item in rule:
        if type(item) is type(value) and item == value:
            return True
    return False


def is_int(value):
    return isinstance(value, int) and value is not True and value is not False


def words(rule):
    """What `rule` accepts, in words."""
    if isinstance(rule, type):
        return _NAMES[rule]
    if isinstance(rule, int):
        return "a string of %s %d characters" % ("at most" if rule > 0 else "1 to", abs(rule))
    if isinstance(rule, range):
        return "an integer from %d to %d" % (rule[0], rule[-1])
    if isinstance(rule, list):
        return "a number from %g to %d" % (rule[0], rule[1])
    if not rule:
        return "none"
    if rule[0] is None:
        return words(rule[1]) + " or null"
    return ", ".join(['"%s"' % v if isinstance(v, str) else str(v) for v in rule])


def nearest(name, known):
    """The name in `known` that is spelt most like `name`, or None if none is alike."""
    best = None
    least = max(2, len(name) // 2) + 1
    for other in known:
        distance = _distance(name.lower(), other.lower())
        if distance < least:
            best, least = other, distance
    return best


def _distance(a, b):
    """Levenshtein distance: insertions, deletions and replacements that turn `a` into `b`."""
    row = list(range(len(b) + 1))
    for i in range(len(a)):
        diagonal = i
        row[0] = i + 1
        for j in range(len(b)):
            above = row[j + 1]
            row[j + 1] = min(above + 1, row[j] + 1, diagonal + (a[i] != b[j]))
            diagonal = above
    return row[-1]
