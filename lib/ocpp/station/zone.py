"""Local time with daylight saving, from a POSIX TZ text such as `CET-1CEST,M3.5.0,M10.5.0/3`.

Only what that text needs: one standard and perhaps one summer time, changes as Mmonth.week.day.
Imported while recurring schedules that keep local time are worked out.
"""

_DAY = const(86400)


class Zone:
    """ValueError for a text that is none."""

    def __init__(self, text):
        names, _, rules = text.partition(",")
        rest = _name(names)
        self._standard, rest = _clock(rest, -1)
        self._summer = None  # s east of UTC
        if rest:
            rest = _name(rest)
            self._summer = self._standard + 3600
            if rest:
                self._summer, rest = _clock(rest, -1)
            parts = rules.split(",")
            if rest or len(parts) != 2:
                raise ValueError("not a time zone")
            self._rules = (_rule(parts[0]), _rule(parts[1]))
        elif rules:
            raise ValueError("not a time zone")
        self._from = self._to = 0  # where `_now` holds
        self._now = self._standard

    def offset(self, unix):
        """Seconds east of UTC at a Unix time."""
        self._look(unix)
        return self._now

    def change(self, unix):
        """Unix time of the next change of the offset, None if there is none."""
        self._look(unix)
        return None if self._summer is None else self._to

    def _look(self, unix):
        if self._summer is None or self._from <= unix < self._to:
            return
        year = 1970 + unix // 31556952
        changes = []
        for y in (year - 1, year, year + 1):
            # Each is told in the time that it ends.
            changes.append((_at(y, self._rules[0]) - self._standard, self._summer))
            changes.append((_at(y, self._rules[1]) - self._summer, self._standard))
        changes.sort(key=lambda change: change[0])
        for i in range(len(changes) - 1):
            if changes[i][0] <= unix < changes[i + 1][0]:
                self._from, self._now = changes[i]
                self._to = changes[i + 1][0]


def wrong(text):
    """What is wrong with a setting, None if nothing is; empty: no zone."""
    try:
        if text:
            Zone(text)
    except ValueError as e:
        return str(e)
    return None


def _name(text):
    """What follows the name of a time, at least three letters or `<...>`."""
    if text[:1] == "<":
        end = text.find(">") + 1
    else:
        end = 0
        while text[end : end + 1].isalpha():
            end += 1
    if end < 3:
        raise ValueError("not a time zone")
    return text[end:]


def _clock(text, sign):
    """(seconds, what follows) of `[+-]h[:mm[:ss]]`."""
    end = 0
    while end < len(text) and (text[end].isdigit() or text[end] in ":+-"):
        end += 1
    digits = text[:end]
    if digits[:1] in ("+", "-"):
        sign = -sign if digits[0] == "-" else sign
        digits = digits[1:]
    seconds = 0
    unit = 3600
    for part in digits.split(":"):
        if not part.isdigit() or unit < 1 or int(part) > (167 if unit == 3600 else 59):
            raise ValueError("not a time zone")
        seconds += int(part) * unit
        unit //= 60
    return sign * seconds, text[end:]


def _rule(text):
    """(month, week, day, s of the day) of `Mm.w.d[/time]`."""
    date, slash, time = text.partition("/")
    numbers = date[1:].split(".")
    if date[:1] != "M" or len(numbers) != 3 or not all([n.isdigit() for n in numbers]):
        raise ValueError("not a time zone")
    month, week, day = [int(n) for n in numbers]
    if not (1 <= month <= 12 and 1 <= week <= 5 and day <= 6):
        raise ValueError("not a time zone")
    seconds, rest = _clock(time, 1) if slash else (7200, "")
    if rest:
        raise ValueError("not a time zone")
    return month, week, day, seconds


def _at(year, rule):
    """Local seconds since 1970 at which a rule comes true in a year."""
    month, week, weekday, seconds = rule
    first = _days(year, month)
    day = first + (weekday - (first + 4)) % 7 + 7 * (week - 1)  # 1970-01-01 was a Thursday
    after = _days(year + month // 12, month % 12 + 1)
    return (day if day < after else day - 7) * _DAY + seconds


def _days(year, month):
    """Days from 1970-01-01 to the first of a month."""
    if month < 3:
        year -= 1
        month += 12
    days = 365 * year + year // 4 - year // 100 + year // 400
    return days + (153 * (month - 3) + 2) // 5 - 719468
