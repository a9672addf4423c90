"""Answers to the requests of OCPP 1.6 stations (Core, firmware, security extension).

A handler takes (csms, station, payload) and returns the payload of the answer.
"""

from csms_app import tokens
from csms_app.automatic import AUTOMATIC_16


def _boot(csms, station, payload):
    """OCPP 1.6 §4.2"""
    return csms.boot(station, payload)


def _authorize(csms, station, payload):
    return {"idTagInfo": _info(csms, payload["idTag"])}


def _info(csms, id_tag):
    return tokens.info16(csms.store.token(id_tag), csms.config["unknown_tokens"])


def _start(csms, station, payload):
    """OCPP 1.6 §4.8. Stored whatever the token: the energy has flowed."""
    id = csms.store.transactions.start16(station.id, payload)
    csms.transaction_changed(csms.store.transactions.get(str(id), station.id))
    csms.reservation_over(station, payload.get("reservationId"))
    return {"transactionId": id, "idTagInfo": _info(csms, payload["idTag"])}


def _stop(csms, station, payload):
    """OCPP 1.6 §4.10. Never refused, also for an unknown transaction."""
    csms.transaction_changed(csms.store.transactions.stop16(station.id, payload))
    return {"idTagInfo": _info(csms, payload["idTag"])} if "idTag" in payload else {}


def _meter_values(csms, station, payload):
    tx = csms.store.transactions.meter_values(
        station.id, payload["connectorId"], payload.get("transactionId"), payload["meterValue"]
    )
    if tx:
        csms.transaction_changed(tx)
    return {}


def _data_transfer(csms, station, payload):
    return {"status": "UnknownVendorId"}


def _remember(name):
    """A handler that keeps the status told."""

    def handler(csms, station, payload):
        station.states = dict(station.states, **{name: payload["status"]})
        csms.station_changed(station)
        return {}

    return handler


def _nothing(csms, station, payload):
    return {}


def _sign(csms, station, payload):
    """Security whitepaper §2.4"""
    return csms.sign(station, payload["csr"], None)


HANDLERS = {
    **AUTOMATIC_16,
    "Authorize": _authorize,
    "BootNotification": _boot,
    "DataTransfer": _data_transfer,
    "DiagnosticsStatusNotification": _remember("diagnostics"),
    "FirmwareStatusNotification": _remember("firmware"),
    "LogStatusNotification": _remember("log"),
    "MeterValues": _meter_values,
    "SecurityEventNotification": _nothing,
    "SignCertificate": _sign,
    "SignedFirmwareStatusNotification": _remember("firmware"),
    "StartTransaction": _start,
    "StopTransaction": _stop,
}
