"""GetLog, security whitepaper §5.9, N01."""


def handle(dialect, request):
    status, name = dialect.station.part("upload").wanted(request.payload)
    return {"status": status, "filename": name} if name else {"status": status}
