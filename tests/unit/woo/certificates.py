"""Certificates for tests: an authority of our own and what it signs."""

import datetime as dt
import ipaddress
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """A certificate authority whose file a client may trust."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    name: x509.Name
    file: Path

    def server(self, host: str = "127.0.0.1", *, days: int = 30) -> ssl.SSLContext:
        """Return a server context with a certificate for `host`; expired for days < 0."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_name(f"server {host}"), self.name, key, days=days).add_extension(
            x509.SubjectAlternativeName([_named(host)]), critical=False
        )
        return _context(self.folder, builder.sign(self.key, hashes.SHA256()), key)


def authority(folder: Path, called: str = "Test authority") -> Authority:
    key, name = ec.generate_private_key(ec.SECP256R1()), _name(called)
    builder = _builder(name, name, key, days=30).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    file = folder / "ca.pem"
    certificate = builder.sign(key, hashes.SHA256())
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Authority(folder, key, name, file)


def rehash(folder: Path) -> None:
    """Name what is in a folder so that OpenSSL finds it there."""
    subprocess.run(["openssl", "rehash", str(folder)], check=True)  # noqa: S603, S607 - of the test alone


def self_signed(folder: Path) -> ssl.SSLContext:
    key, name = ec.generate_private_key(ec.SECP256R1()), _name("127.0.0.1")
    builder = _builder(name, name, key, days=30).add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
        critical=False,
    )
    return _context(folder, builder.sign(key, hashes.SHA256()), key)


def _named(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, days: int
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 60 * _DAY)
        .not_valid_after(now + days * _DAY)
    )


def _context(
    folder: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> ssl.SSLContext:
    file = folder / f"server-{certificate.serial_number}.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
