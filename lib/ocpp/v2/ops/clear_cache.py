"""ClearCache, OCPP 2.0.1 C11: the authorization cache, nothing else."""


def handle(dialect, request):
    station = dialect.station
    if not station.settings.get("AuthorizationCacheEnabled"):
        return {"status": "Rejected"}
    station.authorization.cache.clear()
    return {"status": "Accepted"}
