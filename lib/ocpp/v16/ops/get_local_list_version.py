"""GetLocalListVersion, OCPP 1.6 §5.10: 0 while the list is empty, -1 while it does not count."""


def handle(dialect, request):
    station = dialect.station
    if not station.settings.get("LocalAuthListEnabled"):
        return {"listVersion": -1}
    return {"listVersion": station.part("local_list").version()}
