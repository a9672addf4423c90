"""TLS over a connected socket. In memory only while a wss:// link is dialled."""

import binascii

import tls


def wrap(sock, host, options):
    """A TLS stream over `sock`; the first write takes the handshake along. `options`: the "tls" of
    `Link`. ValueError, OSError or TypeError for certificates that cannot be used."""
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    trusted = options.get("cadata")
    if not options.get("verify", True):
        context.verify_mode = tls.CERT_NONE
    elif not trusted:
        raise ValueError("no CA certificate to check the server with")
    else:
        for data in trusted if isinstance(trusted, (list, tuple)) else (trusted,):
            for block in der(data, b"CERTIFICATE"):
                context.load_verify_locations(block)
    if options.get("cert"):
        cert = der(options["cert"], b"CERTIFICATE")
        key = der(options.get("key") or b"", b"PRIVATE KEY")
        if not cert or not key:
            raise ValueError("no certificate or no key in the file")
        context.load_cert_chain(cert[0], key[0])
    return context.wrap_socket(
        sock, server_hostname=options.get("name") or host, do_handshake_on_connect=False
    )


def der(data, kind):
    """The blocks of PEM `data` whose name ends in `kind`, as DER; DER is given back as it is. Not
    every port's TLS reads PEM."""
    parts = data.split(b"-----BEGIN ")
    if len(parts) == 1:
        return [data]
    blocks = []
    for part in parts[1:]:
        name, _, body = part.partition(b"-----")
        if name.endswith(kind):
            blocks.append(binascii.a2b_base64(body.partition(b"-----")[0]))
    return blocks
