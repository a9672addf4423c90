"""ChangeConfiguration.req (OCPP 1.6 §5.3): one setting, on flash before the answer."""


def handle(dialect, request):
    payload = request.payload
    key = payload["key"]
    if "." in key:  # a 2.x name: not a key of OCPP 1.6
        return {"status": "NotSupported"}
    return {"status": dialect.station.settings.change(key, payload["value"])}
