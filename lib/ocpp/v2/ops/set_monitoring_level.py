"""SetMonitoringLevel, OCPP 2.0.1 N05."""


def handle(dialect, request):
    level = request.payload["severity"]
    if not 0 <= level <= 9:
        return {"status": "Rejected", "statusInfo": {"reasonCode": "ValueOutOfRange"}}
    kept = dialect.station.part("monitors").set_level(level)
    return {"status": "Accepted" if kept else "Rejected"}
