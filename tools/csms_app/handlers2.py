"""Answers to the requests of OCPP 2.0.1 and 2.1 stations.

A handler takes (csms, station, payload) and returns the payload of the answer.
"""

from csms_app import tokens
from csms_app.automatic import AUTOMATIC_2


def _boot(csms, station, payload):
    """OCPP 2.0.1 B01 to B03"""
    return csms.boot(station, payload)


def _info(csms, id_token):
    token = csms.store.token(id_token["idToken"])
    return tokens.info2(token, csms.config["unknown_tokens"], id_token), token


def _authorize(csms, station, payload):
    info, _ = _info(csms, payload["idToken"])
    answer = {"idTokenInfo": info}
    if "certificate" in payload or "iso15118CertificateHashData" in payload:
        answer["certificateStatus"] = "NoCertificateAvailable"  # nothing to check it with yet
    return answer


def _transaction_event(csms, station, payload):
    """OCPP 2.0.1 E01 to E15. Stored whatever the token: the energy has flowed."""
    tx = csms.store.transactions.event2(station.id, station.version, payload)
    csms.transaction_changed(tx)
    csms.reservation_over(station, payload.get("reservationId"))
    if "idToken" not in payload:
        return {}
    info, token = _info(csms, payload["idToken"])
    answer = {"idTokenInfo": info}
    if station.version == "2.1" and token and token["limit"] and payload["eventType"] != "Ended":
        answer["transactionLimit"] = token["limit"]
    return answer


def _meter_values(csms, station, payload):
    csms.store.transactions.meter_values(
        station.id, payload["evseId"], None, payload["meterValue"]
    )
    return {}


def _event(csms, station, payload):
    """Events carry the actual values of variables (OCPP 2.0.1 N07)."""
    for event in payload["eventData"]:
        station.set_variable(event, event["actualValue"])
        _availability(station, event)
    csms.station_changed(station)
    return {}


def _availability(station, event):
    """2.1 stations may report a connector's status as an event of its AvailabilityState."""
    evse = event["component"].get("evse", {})
    names = (event["component"]["name"].lower(), event["variable"]["name"].lower())
    if names == ("connector", "availabilitystate") and "id" in evse:
        connector = evse.get("connectorId", 1)
        values = {"status": event["actualValue"], "timestamp": event["timestamp"]}
        station.set_connector(evse["id"], connector, **values)


def _remember(name):
    """A handler that keeps the status told."""

    def handler(csms, station, payload):
        station.states = dict(station.states, **{name: payload["status"]})
        csms.station_changed(station)
        return {}

    return handler


def _answer(**fields):
    """A handler with a fixed answer."""

    def handler(csms, station, payload):
        return dict(fields)

    return handler


def _reservation_update(csms, station, payload):
    """OCPP 2.0.1 H02, H04: it has expired, or was removed."""
    csms.reservation_over(station, payload["reservationId"])
    return {}


def _vat_number(csms, station, payload):
    return {"vatNumber": payload["vatNumber"], "status": "Rejected"}


def _sign(csms, station, payload):
    """OCPP 2.0.1 A02. An EV's contract certificates are not ours to give."""
    kind = payload.get("certificateType", "ChargingStationCertificate")
    if kind != "ChargingStationCertificate":
        return {"status": "Rejected"}
    return csms.sign(station, payload["csr"], kind)


_nothing = _answer()
_rejected = _answer(status="Rejected")

HANDLERS = {
    **AUTOMATIC_2,
    "Authorize": _authorize,
    "BootNotification": _boot,
    "ClearedChargingLimit": _nothing,
    "DataTransfer": _answer(status="UnknownVendorId"),
    "FirmwareStatusNotification": _remember("firmware"),
    "Get15118EVCertificate": _answer(status="Failed", exiResponse=""),
    "GetCertificateStatus": _answer(status="Failed"),
    "LogStatusNotification": _remember("log"),
    "MeterValues": _meter_values,
    "NotifyChargingLimit": _nothing,
    "NotifyCustomerInformation": _nothing,
    "NotifyDisplayMessages": _nothing,
    "NotifyEVChargingNeeds": _rejected,
    "NotifyEVChargingSchedule": _answer(status="Accepted"),
    "NotifyEvent": _event,
    "NotifyMonitoringReport": _nothing,
    "PublishFirmwareStatusNotification": _remember("publish_firmware"),
    "ReportChargingProfiles": _nothing,
    "ReservationStatusUpdate": _reservation_update,
    "SecurityEventNotification": _nothing,
    "SignCertificate": _sign,
    "TransactionEvent": _transaction_event,
}
HANDLERS_21 = {
    **HANDLERS,
    "BatterySwap": _nothing,
    "ClosePeriodicEventStream": _nothing,
    "NotifyDERAlarm": _nothing,
    "NotifyDERStartStop": _nothing,
    "NotifyPeriodicEventStream": _nothing,
    "NotifyPriorityCharging": _nothing,
    "NotifySettlement": _nothing,
    "NotifyWebPaymentStarted": _nothing,
    "OpenPeriodicEventStream": _answer(status="Accepted"),
    "PullDynamicScheduleUpdate": _rejected,
    "ReportDERControl": _nothing,
    "VatNumberValidation": _vat_number,
}
