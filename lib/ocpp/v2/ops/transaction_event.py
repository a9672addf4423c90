"""TransactionEvent, OCPP 2.0.1 E: made of a record of the transaction log when it is sent."""

from ocpp.iso import to_iso
from ocpp.station.samples import ENERGY, dated, sample
from ocpp.txlog import END, START
from ocpp.v2.types import CONNECTOR, id_info, id_token, meter_value

# Why the domain ended a transaction, or its authorization -> triggerReason, stoppedReason
_ENDS = {
    "Local": ("StopAuthorized", "Local"),
    "MasterPass": ("StopAuthorized", "MasterPass"),
    "Remote": ("RemoteStop", "Remote"),
    "EVDisconnected": ("EVCommunicationLost", "EVDisconnected"),
    "DeAuthorized": ("Deauthorized", "DeAuthorized"),
    "Timeout": ("EVConnectTimeout", "Timeout"),
    "StoppedByEV": ("ChargingStateChanged", "StoppedByEV"),
    "SoftReset": ("ResetCommand", "ImmediateReset"),
    "HardReset": ("ResetCommand", "ImmediateReset"),
    "UnlockCommand": ("UnlockCommand", "Other"),
    "EnergyLimitReached": ("EnergyLimitReached", "EnergyLimitReached"),
    "TimeLimitReached": ("TimeLimitReached", "TimeLimitReached"),
}
_ABNORMAL = const("AbnormalCondition")
# Reasons of their own with that trigger
_REASONS = const(
    " EmergencyStop GroundFault LocalOutOfCredit OvercurrentFault PowerLoss PowerQuality Reboot"
    " SOCLimitReached "
)

# Context of meter values -> triggerReason
_SAMPLED = {"Sample.Clock": "MeterValueClock", "Trigger": "Trigger"}

# Fields of transactionInfo, and of the event itself, and where records have them
_INFO = (
    ("chargingState", "state"),
    ("remoteStartId", "remote"),
    ("timeSpentCharging", "charged"),
)
_MORE = (
    ("offline", "offline"),
    ("numberOfPhasesUsed", "phases"),
    ("cableMaxCurrent", "cable"),
    ("reservationId", "reservation"),
)


def record(dialect, record):
    """The payload. A record made under another version may lack what only this one tells."""
    data = record.data
    trigger, stopped = _reasons(record)
    info = {"transactionId": dialect.transaction_id(record.key, record.csms_id)}
    payload = {
        "eventType": {START: "Started", END: "Ended"}.get(record.kind, "Updated"),
        "timestamp": to_iso(record.stamp),
        "triggerReason": trigger,
        "seqNo": record.n,
        "transactionInfo": info,
    }
    if stopped:
        info["stoppedReason"] = stopped
    for fields, told in ((_INFO, info), (_MORE, payload)):
        for field, name in fields:
            if data.get(name) is not None:
                told[field] = data[name]
    if "connector" in data and not data.get("floating"):
        payload["evse"] = {"id": data["connector"], "connectorId": CONNECTOR}
    # Who is authorized from now on, or presented an identifier to end it
    if data.get("id") is not None:
        payload["idToken"] = id_token(data["id"], data.get("kind"), data.get("extra"))
    values = _meter_values(dialect.station, record)
    if values:
        payload["meterValue"] = values
    return payload


def learn(dialect, record, result):
    """What the central system says of the identifier counts (C10, E05)."""
    station = dialect.station
    id = dialect.transaction_id(record.key, record.csms_id)
    if station.on_price and (record.kind == END or result):
        _priced(station, record, result)
    told = result.get("idTokenInfo")
    if told:
        from ocpp.station import learning

        info = id_info(told)
        token = record.data.get("id")
        for c in station.connectors:
            if c.tx and c.tx.key == record.key:
                token = token or c.tx.id_token
        if not token:
            pass  # nobody was asked who it is (C02)
        elif record.kind != END:
            learning.started(station, record.key, token, id, info)
        else:
            learning.learn(station, token, info)
    if record.kind == START:
        return id, told["status"] if told and record.data.get("id") else None
    return None, None


def _priced(station, record, result):
    """Costs and personal messages are the host's to show (I02, I03)."""
    from ocpp.v2 import price

    connector = token = None
    for c in station.connectors:
        if c.tx and c.tx.key == record.key:
            connector, token = c, c.tx.id_token
    if "personalMessage" in (result.get("idTokenInfo") or ()):
        price.personal(station, token, result["idTokenInfo"])
    price.of_event(station, connector, result, record.kind == END)


def _reasons(record):
    """triggerReason, and stoppedReason or None."""
    data = record.data
    trigger, stopped = data.get("trigger"), None
    why = data.get("why")
    if why:
        known = why if " %s " % why in _REASONS else "Other"
        cause, stopped = _ENDS.get(why, (_ABNORMAL, known))
        trigger = trigger or cause
    if trigger is None:
        values = data.get("values")
        context = values[0][1] if values else None
        usual = "Authorized" if record.kind == START else "MeterValuePeriodic"
        trigger = _SAMPLED.get(context, usual)
    return trigger, stopped if record.kind == END else None


def _meter_values(station, record):
    """MeterValueTypes. The register at both ends is always told: it is what is billed."""
    data = record.data
    if data.get("floating"):
        return ()
    if record.kind == END:
        entries = dated(station, record)
    else:
        entries = [(record.stamp, data["values"])] if data.get("values") else ()
    told = []
    context = {START: "Transaction.Begin", END: "Transaction.End"}.get(record.kind)
    complete = context is None
    for unix, samples in entries:
        told.append(meter_value(unix, samples))
        complete = complete or _has_register(samples, context)
    if not complete:
        register = sample(data["wh"], context, ENERGY, None, "Outlet", "Wh")
        told.append(meter_value(record.stamp, [register]))
    return told


def _has_register(samples, context):
    for s in samples:
        if s[1] == context and s[2] is None and s[3] is None:
            return True
    return False
