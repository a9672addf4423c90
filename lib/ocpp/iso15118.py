"""What a controller that speaks ISO 15118 with the EV asks of its station: contracts,
certificates, charging needs. The host's; passed through, in either version of the protocol. See
`Host`; `Host.iso15118` is what the station asks of the controller."""

from ocpp.calls import CallError
from ocpp.station.identity import ACCEPTED, INVALID, checked


def present_contract(station, emaid, connector, certificate=None, hashes=None, done=None):
    """An EV at connector number `connector` presents a contract (OCPP 2.0.1 C07): its eMAID, and
    the certificate chain (PEM) or the `hashes` of it for OCSP (dicts as
    OCSPRequestDataType). Accepted, a session begins. `done(status, certificate_status)` tells:
    status of the identifier, of the certificate or None. ValueError."""
    c = station.connector(connector)
    checked(emaid, station.dialect.id_max)
    settings = station.settings
    if not settings.get("ISO15118PnCEnabled"):
        raise ValueError("plug and charge is switched off (ISO15118PnCEnabled)")
    if certificate and not settings.get("CentralContractValidationAllowed"):
        certificate = None  # C07.FR.06: the station itself has to judge it

    def judged(info, certified):
        status = info.status
        if status == ACCEPTED and certified in (None, ACCEPTED):
            begun = station.begin(c, emaid, "eMAID", True, info.parent)
            status = ACCEPTED if begun else INVALID
        else:
            station.tokens.rejected(emaid, info, c)
        if done:
            done(status, certified)

    if station.online:
        station.dialect.op("Authorize").contract(
            station.dialect, emaid, certificate, hashes, judged
        )
    elif settings.get("ContractValidationOffline"):
        judged(station.authorization.offline(emaid), None)  # C07.FR.07 to FR.12
    else:
        from ocpp.station.identity import IdInfo

        judged(IdInfo(INVALID), None)


def get_ev_certificate(station, schema_version, action, exi_request, done):
    """A contract certificate for the EV is asked for (M01, M02): `action` "Install" or "Update",
    `exi_request` base64. `done(exi_response, None)`, or `done(None, why)`."""
    _op(station, "Get15118EVCertificate").send(
        station.dialect, schema_version, action, exi_request, done
    )


def certificate_status(station, data, done):
    """Whether a certificate is revoked (M06): `data`, a dict as OCSPRequestDataType.
    `done(ocsp_response in base64, None)`, or `done(None, why)`."""
    _op(station, "GetCertificateStatus").send(station.dialect, data, done)


def sign_v2g_certificate(station, csr):
    """Have the controller's certificate signed (A02): `csr` PEM. It comes by
    `Host.iso15118.certificate`."""
    _op(station, "Get15118EVCertificate").sign(station.dialect, csr)


def ev_charging_needs(station, connector, needs, most=None, done=None):
    """What the EV needs (K15, K17): `needs`, a dict as ChargingNeedsType, `most` tuples of a
    schedule. `done(status)`: "Accepted", "Processing", "Rejected", None: no answer. Schedules come
    by `Host.iso15118.schedules`. NotImplementedError under OCPP 1.6."""
    payload = {"evseId": station.connector(connector).id, "chargingNeeds": needs}
    if most is not None:
        payload["maxScheduleTuples"] = most
    _tell(station, "NotifyEVChargingNeeds", payload, done)


def ev_charging_schedule(station, connector, time_base, schedule, done=None):
    """The schedule the EV has chosen or made (K15.FR.09): a dict as ChargingScheduleType, from
    `time_base` on (Unix s). `done` as above. NotImplementedError under OCPP 1.6."""
    from ocpp.iso import to_iso

    payload = {
        "evseId": station.connector(connector).id,
        "timeBase": to_iso(time_base),
        "chargingSchedule": schedule,
    }
    _tell(station, "NotifyEVChargingSchedule", payload, done)


def _tell(station, action, payload, done):
    if not station.knows(action):
        raise NotImplementedError("this version has no " + action)
    try:
        station.check(action, True, payload)
    except CallError as e:
        raise ValueError(str(e)) from None

    def answered(result, error):
        if done:
            done(result["status"] if result else None)

    station.rpc.call(action, payload, answered)


def _op(station, action):
    return station.dialect.op(action)
