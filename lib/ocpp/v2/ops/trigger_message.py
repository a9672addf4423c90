"""TriggerMessage, OCPP 2.0.1 F06.

Asks the module of the message that is wanted, where it is none of those below: `triggered(dialect,
connectors)` sends it and returns True, or False to refuse; or `current(dialect)` is its payload.
Where there is neither, the answer is NotImplemented.
"""

from ocpp.calls import TRIGGERED
from ocpp.v2.types import connectors_of

_MEANS = {
    "SignChargingStationCertificate": "SignCertificate",
    "SignV2GCertificate": "Get15118EVCertificate",
}


def handle(dialect, request):
    p = request.payload
    wanted = p["requestedMessage"]
    connectors = connectors_of(dialect.station, p.get("evse"))
    if not connectors:
        return {"status": "Rejected", "statusInfo": {"reasonCode": "UnknownEvse"}}
    send = _SENDERS.get(wanted)
    action = _MEANS.get(wanted, wanted)
    op = None if send else dialect.op(action)
    if op and not send:
        send = getattr(op, "triggered", None)
        if wanted == "SignV2GCertificate" and dialect.station.iso15118 is None:
            send = None
    if send:
        return {"status": "Accepted" if send(dialect, connectors) else "Rejected"}
    if not hasattr(op, "current"):  # also of what needs a controller of ISO 15118
        return {"status": "NotImplemented"}
    dialect.station.rpc.call(action, op.current(dialect), None, TRIGGERED)
    return {"status": "Accepted"}


def _boot(dialect, connectors):
    registration = dialect.station.registration
    if registration.accepted:
        return False  # F06.FR.17
    dialect.boot_reason = "Triggered"
    registration.boot()
    return True


def _heartbeat(dialect, connectors):
    registration = dialect.station.registration

    def done(unix):
        if unix is not None:
            registration.set_time(unix)

    dialect.op("Heartbeat").send(dialect, done, TRIGGERED)
    return True


def _status(dialect, connectors):
    station = dialect.station
    for c in connectors:
        call = station.statuses.report(c.id)
        station.rpc.call(call.action, call.payload, call.done, TRIGGERED)
    return True


def _meter_values(dialect, connectors):
    station = dialect.station
    wanted = station.settings.get("MeterValuesAlignedData")
    sent = False
    for c in connectors:
        samples = station.metering.samples(c, wanted, "Trigger")
        if samples:
            dialect.op("MeterValues").send(dialect, c, station.stamp(), samples, TRIGGERED)
            sent = True
    return sent


def _transaction(dialect, connectors):
    from ocpp.station import charging

    station = dialect.station
    wanted = station.settings.get("MeterValuesSampledData")
    sent = False
    for c in connectors:
        if c.tx and not c.tx.ending and station.registration.accepted:
            charging.record_samples(c, station.metering.samples(c, wanted, "Trigger"), "Trigger")
            sent = True
    return sent


_SENDERS = {
    "BootNotification": _boot,
    "Heartbeat": _heartbeat,
    "StatusNotification": _status,
    "MeterValues": _meter_values,
    "TransactionEvent": _transaction,
}
