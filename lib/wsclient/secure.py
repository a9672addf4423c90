"""TLS over a connected socket. In memory only while a wss:// link is dialled."""

import binascii

import tls

_REFUSED = const(-0x2700)  # mbedTLS: certificate verification failed


def wrap(sock, host, options):
    """A TLS stream over `sock`; the first write takes the handshake along. `options`: the "tls" of
    `Link`. ValueError, OSError or TypeError for certificates that cannot be used. Why the
    certificate of the server is refused by "watch", is in `options["why"]` then."""
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    trusted = options.get("cadata")
    if not options.get("verify", True):
        context.verify_mode = tls.CERT_NONE
    elif not trusted:
        raise ValueError("no CA certificate to check the server with")
    else:
        for block in _blocks(trusted):
            context.load_verify_locations(block)
    if options.get("cert"):
        cert = _blocks(options["cert"])
        key = der(options.get("key") or b"", b"PRIVATE KEY")
        if not cert or not key:
            raise ValueError("no certificate or no key in the file")
        for block in cert:  # each further one is added to the chain that is shown
            context.load_cert_chain(block, key[0])
    if options.get("watch"):
        context.verify_callback = _watcher(options)
    return context.wrap_socket(
        sock, server_hostname=options.get("name") or host, do_handshake_on_connect=False
    )


def _blocks(data):
    """All certificates, as DER, in bytes or a list of bytes."""
    found = []
    for part in data if isinstance(data, (list, tuple)) else (data,):
        found += der(part, b"CERTIFICATE")
    return found


def _watcher(options):
    watch = options["watch"]

    def seen(certificate, depth):
        # Nothing may be raised into the TLS library
        try:
            options["why"] = options.get("why") or watch(depth, certificate)
        except Exception as e:
            options["why"] = repr(e)
        return _REFUSED if options["why"] else 0

    return seen


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
