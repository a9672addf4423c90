"""SetMonitoringBase, OCPP 2.0.1 N03."""


def handle(dialect, request):
    kept = dialect.station.part("monitors").set_base(request.payload["monitoringBase"])
    return {"status": "Accepted" if kept else "Rejected"}
