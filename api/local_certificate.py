"""A certificate for one run: what proves that an agent is the one that we began."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

# As long as a gateway may run: it is made anew at every start.
_GOOD = timedelta(days=3_650)
# Clocks that are set back a little do not make it one of tomorrow.
_BEFORE = timedelta(days=1)


def make_certificate(host: str) -> tuple[bytes, bytes]:
    """Return a certificate of an address, signed by itself, and its private key, both as PEM."""
    # Late: whoever isolates nothing needs none of it.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "quantgraph agent")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + _GOOD)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.public_bytes(Encoding.PEM), secret
