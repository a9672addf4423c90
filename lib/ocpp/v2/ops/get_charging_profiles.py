"""GetChargingProfiles, OCPP 2.0.1 K09. A job: what is asked for is looked up, then told in
ReportChargingProfiles of bounded size, one after the other."""

from ocpp.calls import CallError

_MOST = const(32)  # periods of the profiles in one message


def handle(dialect, request):
    station = dialect.station
    if not station.settings.get("SmartChargingEnabled"):
        raise CallError("NotSupported", "smart charging is switched off")
    station.jobs.append(request.finished_by(_answer(station, request)))
    return None


def _answer(station, request):
    station.tidy()  # what led here is not needed any more
    p = request.payload
    wanted = p["chargingProfile"]
    found = yield from _find(station, p.get("evseId"), wanted)
    outside = _outside(station, p.get("evseId"), wanted)
    if not found and not outside:
        request.reply({"status": "NoProfiles", "statusInfo": {"reasonCode": "NotFound"}})
        return
    request.reply({"status": "Accepted"})
    from ocpp.v2 import parts

    station.jobs.append(
        parts.send(
            station,
            "ReportChargingProfiles",
            p["requestId"],  # K09.FR.02
            "ops.get_charging_profiles",
            (found, outside),
        )
    )


def _find(station, number, wanted):
    """A job: returns [(EVSE, its file's number or -1: in memory, id)] of those asked for."""
    from ocpp.station import fields as f
    from ocpp.station import profiles

    found = []
    if "CSO" not in wanted.get("chargingLimitSource", ("CSO",)):
        return found
    for slot, profile in profiles.each(station.limits):
        if _fits(profile[f.ID], profile[f.NUMBER], profile[f.PURPOSE], number, wanted) and (
            wanted.get("stackLevel", profile[f.STACK]) == profile[f.STACK]
        ):
            found.append((profile[f.NUMBER], -1 if slot is None else slot, profile[f.ID]))
        yield
    found.sort()
    return found


def _fits(id, at, purpose, number, wanted):
    return (
        (number is None or at == number)
        and id in wanted.get("chargingProfileId", (id,))
        and purpose == wanted.get("chargingProfilePurpose", purpose)
    )


def _outside(station, number, wanted):
    """[(source, EVSE, ChargingProfileType)] of the host's limits asked for."""
    if not station.limits.external:
        return []
    from ocpp.v2.profile import external

    out = []
    for source, at, profile in external(station):
        if (
            _fits(profile["id"], at, profile["chargingProfilePurpose"], number, wanted)
            and source in wanted.get("chargingLimitSource", (source,))
            and wanted.get("stackLevel", 0) == 0
        ):
            out.append((source, at, profile))
    return out


def batch(station, wanted, place):
    """See `parts.send`: profiles of one EVSE and source. A place has the next profile along."""
    from ocpp.station import profiles
    from ocpp.station.fields import PERIODS
    from ocpp.v2.profile import told

    found, outside = wanted
    begin, profile = place or (0, None)
    size = at = 0
    batch = []
    for i in range(begin, len(found)):
        number, slot, id = found[i]
        profile = profile or profiles.load(station.limits, slot, id)
        if profile is None:
            continue  # gone meanwhile
        count = len(profile[PERIODS]) // 3
        if batch and (number != at or size + count > _MOST):
            return _part("CSO", at, batch), (i, profile)
        at = number
        size += count
        batch.append(told(station, profile))
        profile = None
        yield
    last = len(found) + len(outside)
    i = max(begin, len(found))
    if batch:
        return _part("CSO", at, batch), (i, None) if i < last else None
    if i == last:
        return None, None
    source, number, profile = outside[i - len(found)]
    return _part(source, number, [profile]), (i + 1, None) if i + 1 < last else None


def _part(source, number, told):
    return {"chargingLimitSource": source, "evseId": number, "chargingProfile": told}
