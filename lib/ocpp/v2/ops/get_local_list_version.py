"""GetLocalListVersion, OCPP 2.0.1 D02: 0 while there is no list, or it is switched off."""


def handle(dialect, request):
    station = dialect.station
    on = station.settings.get("LocalAuthListEnabled")
    return {"versionNumber": station.part("local_list").version() if on else 0}
