"""DataTransfer from the central system, OCPP 1.6 §5.6. Handlers: `station.on_data(vendor,
message, fn)`."""


def handle(dialect, request):
    p = request.payload
    return dialect.station.data_transfer(p["vendorId"], p.get("messageId"), p.get("data"))
