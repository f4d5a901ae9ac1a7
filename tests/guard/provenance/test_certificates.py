import os
import shutil
import stat
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from omote.core.errors import ProvenanceError
from omote.guard.provenance import certificates

NOW = datetime.now(UTC)


def signer(folder: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificates((folder / "certificates" / "signer.pem").read_bytes())[0]


def test_one_call_makes_what_a_seal_needs_and_the_next_changes_nothing(tmp_path: Path) -> None:
    first = certificates.init(tmp_path)
    assert certificates.init(tmp_path) == first == certificates.load(tmp_path)
    assert first.algorithm == "es256"
    assert first.development
    assert b"PRIVATE" not in repr(first).encode()


@pytest.mark.oracle
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is the oracle here")
def test_openssl_finds_the_chain_good_for_signing(tmp_path: Path) -> None:
    certificates.init(tmp_path)
    place = tmp_path / "certificates"
    (tmp_path / "leaf.pem").write_bytes(signer(tmp_path).public_bytes(serialization.Encoding.PEM))
    command = ["openssl", "verify", "-x509_strict", "-purpose", "smimesign", "-CAfile", place / "ca.pem"]
    done = subprocess.run([*command, tmp_path / "leaf.pem"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_private_keys_are_this_users_alone(tmp_path: Path) -> None:
    certificates.init(tmp_path)
    place = tmp_path / "certificates"
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    for name in ("ca.key", "signer.pem"):
        assert stat.S_IMODE((place / name).stat().st_mode) == 0o600
    (place / "signer.pem").chmod(0o644)
    with pytest.raises(ProvenanceError, match="chmod 600"):
        certificates.load(tmp_path)


def test_without_certificates_the_command_that_makes_them_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProvenanceError, match="omote provenance init"):
        certificates.load(tmp_path)


def test_force_makes_a_new_authority(tmp_path: Path) -> None:
    certificates.init(tmp_path)
    before = certificates.anchors(tmp_path)
    certificates.init(tmp_path, force=True)
    assert certificates.anchors(tmp_path) != before


def test_force_keeps_what_was_there_out_of_the_way(tmp_path: Path) -> None:
    own_chain(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    place = tmp_path / "certificates"
    issued = (place / "signer.pem").read_bytes()
    certificates.init(tmp_path, force=True)
    authority = (place / "ca.key").read_bytes()
    certificates.init(tmp_path, force=True, now=NOW)
    certificates.init(tmp_path, force=True, now=NOW)
    kept = sorted(place.glob("old-*"))
    assert len(kept) == 3
    assert issued in [(folder / "signer.pem").read_bytes() for folder in kept]
    assert authority in [file.read_bytes() for folder in kept for file in folder.glob("ca.key")]
    assert certificates.anchors(tmp_path).count("BEGIN CERTIFICATE") == 1
    if os.name == "posix":
        assert {stat.S_IMODE(folder.stat().st_mode) for folder in kept} == {0o700}
        assert {stat.S_IMODE(file.stat().st_mode) for file in place.glob("old-*/*.key")} == {0o600}


def test_force_where_nothing_is_leaves_nothing_behind(tmp_path: Path) -> None:
    certificates.init(tmp_path, force=True)
    assert sorted(p.name for p in (tmp_path / "certificates").iterdir()) == ["ca.key", "ca.pem", "signer.pem"]


def test_an_ending_signer_is_renewed_under_the_same_authority(tmp_path: Path) -> None:
    certificates.init(tmp_path)
    before, anchors = signer(tmp_path), certificates.anchors(tmp_path)
    later = NOW + timedelta(days=certificates.SIGNER_DAYS - certificates.RENEW_DAYS + 1)
    certificates.init(tmp_path, now=later)
    assert signer(tmp_path).not_valid_after_utc > before.not_valid_after_utc
    assert certificates.anchors(tmp_path) == anchors
    signer(tmp_path).verify_directly_issued_by(x509.load_pem_x509_certificate(anchors.encode()))


def test_an_expired_signer_does_not_sign(tmp_path: Path) -> None:
    certificates.init(tmp_path)
    with pytest.raises(ProvenanceError, match="expired on"):
        certificates.load(tmp_path, now=NOW + timedelta(days=certificates.SIGNER_DAYS + 1))


def test_an_expired_authority_renews_nothing(tmp_path: Path) -> None:
    certificates.init(tmp_path)
    late = NOW + timedelta(days=certificates.AUTHORITY_DAYS + 1)
    with pytest.raises(ProvenanceError, match="--force"):
        certificates.init(tmp_path, now=late)
    assert certificates.init(tmp_path, force=True, now=late).expires > late


@pytest.mark.parametrize("data", [b"", b"not pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_damaged_file_is_told(data: bytes, tmp_path: Path) -> None:
    certificates.init(tmp_path)
    (tmp_path / "certificates" / "signer.pem").write_bytes(data)
    with pytest.raises(ProvenanceError, match="--force"):
        certificates.load(tmp_path)
    certificates.init(tmp_path, force=True)
    certificates.load(tmp_path)


def test_a_key_of_another_certificate_is_told(tmp_path: Path) -> None:
    certificates.init(tmp_path)
    certificates.init(tmp_path / "b")
    own, other = (f / "certificates" / "signer.pem" for f in (tmp_path, tmp_path / "b"))
    key = other.read_bytes().partition(b"-----BEGIN CERTIFICATE")[0]
    own.write_bytes(key + own.read_bytes()[own.read_bytes().index(b"-----BEGIN CERTIFICATE") :])
    with pytest.raises(ProvenanceError, match="do not fit"):
        certificates.load(tmp_path)


def own_chain(folder: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import NameOID

    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A studio")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=9))
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "certificates" / "signer.pem"
    path.parent.mkdir(mode=0o700)
    path.touch(mode=0o600)
    path.write_bytes(private + pem)


def test_a_chain_of_the_users_own_is_taken_and_not_renewed(tmp_path: Path) -> None:
    own_chain(tmp_path, ec.generate_private_key(ec.SECP384R1()))
    credentials = certificates.init(tmp_path)
    assert (credentials.signer, credentials.algorithm, credentials.development) == ("A studio", "es384", False)


def test_a_kind_of_key_that_c2pa_does_not_sign_with_is_told(tmp_path: Path) -> None:
    own_chain(tmp_path, rsa.generate_private_key(65537, 2048))
    with pytest.raises(ProvenanceError, match="another kind"):
        certificates.load(tmp_path)


def test_the_authorities_of_other_machines_are_trusted_when_put_there(tmp_path: Path) -> None:
    certificates.init(tmp_path)
    certificates.init(tmp_path / "b")
    trusted = tmp_path / "certificates" / "trusted"
    trusted.mkdir()
    shutil.copy(tmp_path / "b" / "certificates" / "ca.pem", trusted / "b.pem")
    assert certificates.anchors(tmp_path).count("BEGIN CERTIFICATE") == 2
    (trusted / "c.pem").write_text("nothing")
    with pytest.raises(ProvenanceError, match=r"c\.pem"):
        certificates.anchors(tmp_path)


def test_without_certificates_nobody_is_trusted(tmp_path: Path) -> None:
    assert certificates.anchors(tmp_path) == ""


def test_many_at_once_end_with_one_chain(tmp_path: Path) -> None:
    got: list[certificates.Credentials] = []
    threads = [threading.Thread(target=lambda: got.append(certificates.init(tmp_path))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 6
    assert len({credentials.chain for credentials in got}) == 1
