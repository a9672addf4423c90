"""GetLog, OCPP 2.0.1 N01."""


def handle(dialect, request):
    upload = dialect.station.part("upload")
    before = upload.state.get("id")
    status, name = upload.wanted(request.payload)
    if status == "AcceptedCanceled" and before is not None:  # N01.FR.12
        dialect.op("LogStatusNotification").send(dialect, status, before)
    return {"status": status, "filename": name} if name else {"status": status}
