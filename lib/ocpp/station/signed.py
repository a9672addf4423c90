"""Signed meter values (OCA application note 1.0, 2025): what the meter signs goes through as it
is.

A connector's `sign(context, id_token)`, given by the host, returns (encoding, method, data,
public key) of the import register: texts, `method` "" where `data` tells it, the key as the meter
bears it (`oca:base16:asn1:...`); None: no signed value now. As a sample its value is these four
and the register in Wh, one a line.
"""

from ocpp.log import log

_LONGEST = const(800)  # characters of one value: two fit into the end of a transaction


def sample(station, connector, context):
    """A sample (see `samples.py`) of the register, signed; None if the meter does not sign."""
    tx = connector.tx
    try:
        found = connector.sign(context, tx.id_token if tx else None)
    except Exception as e:
        log.warn("metering", "no signed value:", e)
        return None
    if not found:
        return None
    encoding, method, data, key = found
    wanted = station.settings.get("PublicKeyWithSignedMeterValue")
    if wanted == "Never" or (wanted == "OncePerTransaction" and tx and tx.key_told):
        key = ""
    text = "\n".join((encoding, method, data, key, str(connector.read_energy())))
    if len(data) > _LONGEST or text.count("\n") != 4:
        log.warn("metering", "signed value not passed on, of %d characters" % len(data))
        return None
    if tx and key:
        tx.key_told = True
    return text, None if context == "Sample.Periodic" else context, None, None, None, None


def parts(text):
    """(SignedMeterValueType, register in Wh as text) of a sample's value."""
    import binascii

    encoding, method, data, key, wh = text.split("\n")
    signed = {
        "signedMeterData": binascii.b2a_base64(data.encode()).decode().strip(),
        "signingMethod": method,
        "encodingMethod": encoding,
        "publicKey": binascii.b2a_base64(key.encode()).decode().strip(),
    }
    return signed, wh
