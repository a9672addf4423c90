"""Dates and times as text (RFC 3339) and as Unix seconds, without the port's calendar."""


def to_iso(unix):
    """Unix seconds as `2026-11-21T03:00:00Z`."""
    days = unix // 86400
    s = unix % 86400
    # Count from 1 March of year 0, so that the leap day is the last of its year.
    days += 719468
    era = days // 146097
    day = days % 146097
    year = (day - day // 1460 + day // 36524 - day // 146096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    day -= (153 * month + 2) // 5 - 1
    month = month + 3 if month < 10 else month - 9
    year += era * 400 + (month < 3)
    return "%04d-%02d-%02dT%02d:%02d:%02dZ" % (year, month, day, s // 3600, s // 60 % 60, s % 60)


def from_iso(text):
    """Unix seconds of an RFC 3339 time; lenient as servers are: any number of fraction digits,
    `Z`, `+01:00`, `+0100` or no zone (taken as UTC). Raises ValueError for anything else."""
    try:
        if text[4] != "-" or text[7] != "-" or text[10] not in "Tt " or text[13] != ":":
            raise ValueError
        y, mo, d = _num(text[:4]), _num(text[5:7]), _num(text[8:10])
        h, mi = _num(text[11:13]), _num(text[14:16])
        s = 0
        at = 16
        if text[16:17] == ":":
            s = _num(text[17:19])
            at = 19
        if text[at : at + 1] in (".", ","):
            at += 1
            start = at
            while text[at : at + 1].isdigit():
                at += 1
            if at == start:
                raise ValueError
        offset = _zone(text[at:])
        leap = y % 4 == 0 and (y % 100 != 0 or y % 400 == 0)
        most = 30 + (mo + mo // 8) % 2 if mo != 2 else 28 + leap
        if not (y >= 1 and 1 <= mo <= 12 and 1 <= d <= most and h < 24 and mi < 60 and s < 61):
            raise ValueError
    except (ValueError, IndexError, TypeError):
        raise ValueError("not a date and time") from None
    if mo < 3:
        y -= 1
        mo += 12
    days = 365 * y + y // 4 - y // 100 + y // 400 + (153 * (mo - 3) + 2) // 5 + d - 719469
    return days * 86400 + h * 3600 + mi * 60 + s - offset


def _num(digits):
    if not digits.isdigit():
        raise ValueError
    return int(digits)


def _zone(text):
    if text in ("", "Z", "z"):
        return 0
    digits = text[1:].replace(":", "")
    if text[0] not in "+-" or len(digits) not in (2, 4):
        raise ValueError
    seconds = _num(digits[:2]) * 3600 + (_num(digits[2:]) * 60 if digits[2:] else 0)
    return seconds if text[0] == "+" else -seconds
