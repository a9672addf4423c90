"""DataTransfer from the central system, OCPP 1.6 §5.6. Handlers: `station.on_data(vendor,
message, fn)`; otherwise, what the Open Charge Alliance has published as messages of its own."""

_PRICES = const("org.openchargealliance.costmsg")
_PLUG_AND_CHARGE = const("org.openchargealliance.iso15118pnc")


def handle(dialect, request):
    p = request.payload
    station = dialect.station
    answer = station.data_transfer(p["vendorId"], p.get("messageId"), p.get("data"))
    if answer["status"] not in ("UnknownVendorId", "UnknownMessageId"):
        return answer
    if p["vendorId"] == _PRICES and station.settings.get("CustomDisplayCostAndPrice"):
        from ocpp.v16 import pricing

        return pricing.handle(station, p.get("messageId"), p.get("data"))
    if p["vendorId"] == _PLUG_AND_CHARGE and station.settings.get("ISO15118PnCEnabled"):
        from ocpp.v16 import pnc

        return pnc.handle(dialect, request)
    return answer
