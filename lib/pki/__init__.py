"""Public keys and certificates for small machines: DER, X.509, PKCS#10, ECDSA and RSA.

Nothing here knows OCPP, files or the network. What takes long is a generator that yields between
short slices and returns its result: `result = yield from ...`. What is wrong with data from
outside is a `der.DERError` (a ValueError) or an answer, never another exception.
"""
