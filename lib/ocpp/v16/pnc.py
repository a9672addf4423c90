"""Plug & Charge of ISO 15118 over DataTransfer (vendor org.openchargealliance.iso15118pnc): `data`
is the text of a message of OCPP 2.0.1."""

import json

from ocpp.strictjson import loads

VENDOR = "org.openchargealliance.iso15118pnc"
_ACCEPTED = "Accepted"
_BAD = (ValueError, KeyError, TypeError, AttributeError, RuntimeError)


def call(dialect, message, data, done, timeout_ms=None):
    """Send a message; `done(its answer, a dict, or None; why there is none)`."""

    def answered(result, error):
        found = None
        why = error or (result["status"] if result else "no answer")
        if result and result["status"] == _ACCEPTED:
            try:
                found = loads(result.get("data") or "")
                why = None if isinstance(found, dict) else "not an object"
            except (ValueError, RuntimeError) as e:
                why = e
        done(None if why else found, why)

    payload = {
        "vendorId": VENDOR,
        "messageId": message,
        "data": json.dumps(data, separators=(",", ":")),
    }
    dialect.station.rpc.call("DataTransfer", payload, answered, timeout_ms=timeout_ms)


def handle(dialect, request):
    """Answer a message of the central system. A job: signatures take their time."""
    p = request.payload
    fn = _ANSWERS.get(p.get("messageId"))
    if fn is None:
        return {"status": "UnknownMessageId"}
    try:
        data = loads(p.get("data") or "{}")
        if not isinstance(data, dict):
            raise ValueError
        job = fn(dialect.station, data)
    except _BAD:
        return {"status": "Rejected"}
    dialect.station.jobs.append(request.finished_by(_answer(request, job)))
    return None


def _answer(request, job):
    try:
        answer = yield from job
    except _BAD:
        return request.reply({"status": "Rejected"})
    text = json.dumps(answer, separators=(",", ":"))
    request.reply({"status": _ACCEPTED, "data": text})


def _install(station, data):
    from ocpp.station import roots
    from ocpp.station.certificates import USES

    if data["certificateType"] not in USES:
        raise ValueError
    status = yield from roots.install(station, data["certificateType"], data["certificate"])
    return {"status": status}


def _delete(station, data):
    from ocpp.station import roots

    wanted = data["certificateHashData"]
    if wanted["hashAlgorithm"] not in roots.HASHES:
        raise ValueError
    status = yield from roots.delete(station, wanted)
    return {"status": status}


def _installed(station, data):
    from ocpp.station import roots
    from ocpp.station.certificates import USES

    wanted = data.get("certificateType") or USES
    if isinstance(wanted, str):
        wanted = [wanted]
    chains = []
    for use in USES:
        found = ()
        if use in wanted:
            found = yield from roots.ids(station, use)
        for one in found:
            chains.append({"certificateType": use, "certificateHashData": one})
    if not chains:
        return {"status": "NotFound"}
    return {"status": _ACCEPTED, "certificateHashDataChain": chains}


def _signed(station, data):
    """CertificateSigned: of the controller, else of the station itself."""
    chain = data["certificateChain"]
    if data.get("certificateType", "V2GCertificate") == "V2GCertificate":
        controller = station.iso15118
        good = bool(controller and controller.certificate(chain))
        return {"status": _ACCEPTED if good else "Rejected"}
    from ocpp.station import own

    status = yield from own.signed(station, chain)
    if status == _ACCEPTED:
        station.part("credentials").certificate_changed()
    return {"status": status}


def _trigger(station, data):
    yield
    if data["requestedMessage"] != "SignV2GCertificate":
        return {"status": "NotImplemented"}
    controller = station.iso15118
    return {"status": _ACCEPTED if controller and controller.request() else "Rejected"}


_ANSWERS = {
    "InstallCertificate": _install,
    "DeleteCertificate": _delete,
    "GetInstalledCertificateIds": _installed,
    "CertificateSigned": _signed,
    "TriggerMessage": _trigger,
}
