"""What the test CSMS answers of itself, by the message routing of the package `ocpp`."""

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timezone

from ocpp.routing import on
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call_result as result16
from ocpp.v201 import ChargePoint as ChargePoint201
from ocpp.v201 import call_result as result201


@dataclass
class Facts:
    """What the default answers are made from. Tests change it at any time."""

    boot_status: str = "Accepted"
    interval: int = 300  # s, of the BootNotification answer
    # idTag -> status, or the whole idTagInfo / idTokenInfo as it goes over the wire
    tokens: dict = field(default_factory=lambda: {"DEADBEEF": "Accepted"})
    unknown_token: str = "Invalid"  # status of all other tokens
    transaction_ids: object = field(default_factory=lambda: itertools.count(1))
    transactions: dict = field(default_factory=dict)  # 1.6 id -> {"start": ..., "stop": ...}

    def token(self, id_token):
        """idTagInfo or idTokenInfo of a token, in the snake case of `ocpp`."""
        info = self.tokens.get(id_token, self.unknown_token)
        if isinstance(info, str):
            return {"status": info}
        names = {"parentIdTag": "parent_id_tag", "expiryDate": "expiry_date"}
        return {names.get(k, k): v for k, v in info.items()}


def now():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Default16(ChargePoint16):
    def __init__(self, facts, station, connection):
        super().__init__(station, connection)
        self.facts = facts

    @on("BootNotification")
    def boot(self, **_):
        return result16.BootNotification(
            current_time=now(), interval=self.facts.interval, status=self.facts.boot_status
        )

    @on("Heartbeat")
    def heartbeat(self):
        return result16.Heartbeat(current_time=now())

    @on("Authorize")
    def authorize(self, id_tag):
        return result16.Authorize(id_tag_info=self.facts.token(id_tag))

    @on("StartTransaction")
    def start(self, id_tag, **more):
        number = next(self.facts.transaction_ids)
        self.facts.transactions[number] = {"start": dict(more, id_tag=id_tag)}
        return result16.StartTransaction(
            transaction_id=number, id_tag_info=self.facts.token(id_tag)
        )

    @on("StopTransaction")
    def stop(self, transaction_id, **more):
        self.facts.transactions.setdefault(transaction_id, {})["stop"] = more
        id_tag = more.get("id_tag")
        return result16.StopTransaction(id_tag_info=self.facts.token(id_tag) if id_tag else None)

    @on("DataTransfer")
    def data_transfer(self, **_):
        return result16.DataTransfer(status="UnknownVendorId")

    @on("StatusNotification")
    def status(self, **_):
        return result16.StatusNotification()

    @on("MeterValues")
    def meter_values(self, **_):
        return result16.MeterValues()

    @on("DiagnosticsStatusNotification")
    def diagnostics(self, **_):
        return result16.DiagnosticsStatusNotification()

    @on("FirmwareStatusNotification")
    def firmware(self, **_):
        return result16.FirmwareStatusNotification()

    @on("LogStatusNotification")
    def log_status(self, **_):
        return result16.LogStatusNotification()

    @on("SignedFirmwareStatusNotification")
    def signed_firmware(self, **_):
        return result16.SignedFirmwareStatusNotification()

    @on("SecurityEventNotification")
    def security_event(self, **_):
        return result16.SecurityEventNotification()


class Default201(ChargePoint201):
    def __init__(self, facts, station, connection):
        super().__init__(station, connection)
        self.facts = facts

    @on("BootNotification")
    def boot(self, **_):
        return result201.BootNotification(
            current_time=now(), interval=self.facts.interval, status=self.facts.boot_status
        )

    @on("Heartbeat")
    def heartbeat(self, **_):
        return result201.Heartbeat(current_time=now())

    @on("Authorize")
    def authorize(self, id_token, **_):
        return result201.Authorize(id_token_info=self.facts.token(id_token["id_token"]))

    @on("TransactionEvent")
    def transaction_event(self, id_token=None, **_):
        info = self.facts.token(id_token["id_token"]) if id_token else None
        return result201.TransactionEvent(id_token_info=info)

    @on("StatusNotification")
    def status(self, **_):
        return result201.StatusNotification()

    @on("MeterValues")
    def meter_values(self, **_):
        return result201.MeterValues()

    @on("NotifyReport")
    def notify_report(self, **_):
        return result201.NotifyReport()

    @on("NotifyEvent")
    def notify_event(self, **_):
        return result201.NotifyEvent()

    @on("SecurityEventNotification")
    def security_event(self, **_):
        return result201.SecurityEventNotification()

    @on("DataTransfer")
    def data_transfer(self, **_):
        return result201.DataTransfer(status="UnknownVendorId")


DEFAULTS = {"1.6": Default16, "2.0.1": Default201}
