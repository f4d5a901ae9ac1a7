"""Development certificates: an authority of one's own, and the certificate that seals are signed with.

C2PA signs with X.509 v3 certificates (C2PA 2.x, "X.509 Certificates": ES256 or stronger, key usage
digitalSignature, an extended key usage such as emailProtection or documentSigning, an authority above). One
call makes such a chain. Nobody else knows the authority, so elsewhere a seal reads as signed by an unknown
certificate until `ca.pem` is put among the trusted ones there. No time-stamp authority is asked, for that
would need the network: a seal is therefore as old as it says, and good for as long as its certificate; so that is long.

Folder `certificates/`: `ca.pem` (give it away), `ca.key` (keep it), `signer.pem` (the key of the signer, its
certificate, the chain above; another chain may be put there), `trusted/*.pem` (authorities of other
machines), `old-…/` (what was there before `init --force`; a key that an authority issued cannot be made again).
"""

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from omote.core.errors import OutputError, ProvenanceError
from omote.guard.provenance.home import claim_folder, home, read_private, write_whole

ORGANISATION = "Omote development certificate"
"""Organisation of every chain made here; it tells them from certificates that an authority issued."""
AUTHORITY_DAYS = 20 * 365
SIGNER_DAYS = 10 * 365
RENEW_DAYS = 365
"""`init` makes a new signer under the same authority when this little is left."""
_OWN = ("ca.pem", "ca.key", "signer.pem")
_SKEW = timedelta(days=1)
"""How far back validity begins, for clocks that go wrong."""
_HOW = "`omote provenance init` makes development certificates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a seal is signed with."""

    chain: bytes
    """PEM, the signer's certificate first, then what stands above it."""
    key: bytes
    """PEM of the private key."""
    algorithm: str
    """As C2PA calls it: `es256`, `es384`, `es512` or `ed25519`."""
    signer: str
    """Common name of the signer's certificate."""
    expires: datetime
    development: bool
    """Whether the chain was made here, and is known to no one else."""

    def __repr__(self) -> str:
        """Leave the key out of logs and tracebacks."""
        return f"Credentials(signer={self.signer!r}, algorithm={self.algorithm!r}, expires={self.expires})"


def init(folder: Path | None = None, *, force: bool = False, now: datetime | None = None) -> Credentials:
    """Make sure that there are certificates to seal with, and return them.

    What is there and good is left alone; a signer that ends within `RENEW_DAYS` gets a successor under the
    same authority, so that older seals stay trusted.

    Args:
        folder: the home folder; `home()` if left out.
        force: put the present authority and signer away first, into `old-…`. What they sealed is then signed
            by an unknown certificate here too.
        now: the present, for tests.

    Raises:
        ProvenanceError: what is there is damaged, or its authority has expired; the message says what to do.
        OutputError: the folder cannot be written.
    """
    now = now or datetime.now(UTC)
    place = _place(folder)
    if force:
        _put_away(place, now)
    if not (place / "signer.pem").exists():
        _found(place, now)
    credentials = _read(place)
    if credentials.development and credentials.expires - now < timedelta(days=RENEW_DAYS):
        _renew(place, now)
    return load(folder, now=now)


def load(folder: Path | None = None, *, now: datetime | None = None) -> Credentials:
    """Return the certificates to seal with.

    Raises:
        ProvenanceError: there are none, they are damaged, or they have expired.
    """
    place = _place(folder)
    if not (place / "signer.pem").exists():
        raise ProvenanceError(f"there are no certificates to seal with in {place}; {_HOW}")
    credentials = _read(place)
    if credentials.expires <= (now or datetime.now(UTC)):
        raise ProvenanceError(
            f"the certificate {credentials.signer!r} expired on {credentials.expires:%Y-%m-%d}; "
            "`omote provenance init` renews a development certificate"
        )
    return credentials


def anchors(folder: Path | None = None) -> str:
    """Return the authorities trusted on this machine as PEM: the own one, and each of `trusted/*.pem`.

    Raises:
        ProvenanceError: one of them is no certificate.
    """
    place = _place(folder)
    found = []
    for path in (place / "ca.pem", *sorted((place / "trusted").glob("*.pem"))):
        if not path.is_file():
            continue
        try:
            certificates = x509.load_pem_x509_certificates(path.read_bytes())
        except (OSError, ValueError) as error:
            raise ProvenanceError(f"{path} is no PEM certificate: {error}") from error
        found += [_pem(certificate).decode() for certificate in certificates]
    return "".join(found)


def _put_away(place: Path, now: datetime) -> None:
    """Move the authority and the signer, if there are any, into a folder of their own."""
    present = [place / name for name in _OWN if (place / name).exists()]
    if not present:
        return
    try:
        old = Path(tempfile.mkdtemp(prefix=f"old-{now:%Y%m%d-%H%M%S}-", dir=place))  # 0700 by itself
        for path in present:
            path.rename(old / path.name)
    except OSError as error:
        raise OutputError(f"the old certificates in {place} cannot be put away: {error.strerror}") from error


def _found(place: Path, now: datetime) -> None:
    """Make an authority and a signer under it."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    name = _name("authority")
    authority = (
        _certificate(name, name, authority_key.public_key(), now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    files = {
        "ca.pem": _pem(authority),
        "ca.key": _private(authority_key),
        "signer.pem": _signer(authority, authority_key, now),
    }
    if not claim_folder(place, files):
        if (place / "signer.pem").exists():  # another process was first; theirs is as good
            return
        write_whole(place / "ca.pem", files["ca.pem"])
        write_whole(place / "ca.key", files["ca.key"], private=True)
        write_whole(place / "signer.pem", files["signer.pem"], private=True)


def _renew(place: Path, now: datetime) -> None:
    """Put a new signer in the place of one that ends soon."""
    try:
        authority = x509.load_pem_x509_certificate((place / "ca.pem").read_bytes())
        key = serialization.load_pem_private_key(read_private(place / "ca.key"), None)
    except (OSError, ValueError) as error:
        raise ProvenanceError(f"the authority in {place} is damaged; `omote provenance init --force`") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != authority.public_key():
        raise ProvenanceError(f"ca.key and ca.pem in {place} do not fit; `omote provenance init --force`")
    if authority.not_valid_after_utc <= now:
        raise ProvenanceError(f"the authority in {place} has expired; `omote provenance init --force` makes a new one")
    write_whole(place / "signer.pem", _signer(authority, key, now), private=True)


def _signer(authority: x509.Certificate, authority_key: ec.EllipticCurvePrivateKey, now: datetime) -> bytes:
    """Return the file of a new signer: key, certificate, authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    identifier = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())
    days = min(SIGNER_DAYS, (authority.not_valid_after_utc - now).days)
    certificate = (
        _certificate(_name("signer"), authority.subject, key.public_key(), now, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    return _private(key) + _pem(certificate) + _pem(authority)


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    """Return the key usage of an authority (signs certificates) or of a signer (signs content)."""
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(role: str) -> x509.Name:
    """Return a name that is unlike any other machine's, so that two authorities are never taken for one."""
    number = f"{x509.random_serial_number():x}"[:8]
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Omote development {role} {number}"),
        ]
    )


def _read(place: Path) -> Credentials:
    """Return what is in `signer.pem`, whether or not it is still valid."""
    path = place / "signer.pem"
    data = read_private(path)
    try:
        key = serialization.load_pem_private_key(data, None)
        certificates = x509.load_pem_x509_certificates(data)
    except (ValueError, TypeError) as error:
        raise ProvenanceError(
            f"{path} does not hold a key and certificates; `omote provenance init --force`"
        ) from error
    leaf = certificates[0]
    if key.public_key() != leaf.public_key():
        raise ProvenanceError(
            f"the key and the first certificate in {path} do not fit; `omote provenance init --force`"
        )
    names = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    organisations = leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return Credentials(
        chain=b"".join(map(_pem, certificates)),
        key=_private(key),
        algorithm=_algorithm(key, path),
        signer=str(names[0].value) if names else leaf.subject.rfc4514_string(),
        expires=leaf.not_valid_after_utc,
        development=bool(organisations) and organisations[0].value == ORGANISATION,
    )


def _algorithm(key: PrivateKeyTypes, path: Path) -> str:
    """Return C2PA's name of the signature that a key makes."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, ec.EllipticCurvePrivateKey):
        known = {256: "es256", 384: "es384", 521: "es512"}
        if key.curve.key_size in known:
            return known[key.curve.key_size]
    raise ProvenanceError(f"{path} holds a key of another kind than ES256, ES384, ES512 or Ed25519")


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: PrivateKeyTypes) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _place(folder: Path | None) -> Path:
    return (folder or home()) / "certificates"
