"""Signatures: a byte changed anywhere under one breaks it; who signed is trusted only by way of a trusted authority."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import algorithms
from signxml.signer import XMLSigner
from signxml.xades.xades import XAdESSigner

from lims.dcc.certificate_facts import Reading, SignatureState
from tests.lims.dcc.plain import NOW, codes, page, read

_START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class _Signer:
    """A key with its certificate, and those of its authorities."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    root: x509.Certificate


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: tuple[str, ec.EllipticCurvePrivateKey],
    *,
    authority: bool,
    days: int = 365,
) -> x509.Certificate:
    usage = x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
    builder = x509.CertificateBuilder(_name(issuer[0]), _name(subject), key.public_key(), x509.random_serial_number())
    return (
        builder.not_valid_before(_START)
        .not_valid_after(_START + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(issuer[1], hashes.SHA256())
    )


@cache
def _signer(days: int = 365, *, authority_signs: bool = True) -> _Signer:
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _certificate("Root", root_key, ("Root", root_key), authority=authority_signs, days=3650)
    return _Signer(key, _certificate("Laboratory", key, ("Root", root_key), authority=False, days=days), root)


def _signed(data: bytes, signer: _Signer, *, xades: bool = False) -> bytes:
    kind = XAdESSigner if xades else XMLSigner
    method = algorithms.CanonicalizationMethod.CANONICAL_XML_1_1
    made = kind(signature_algorithm=algorithms.SignatureMethod.ECDSA_SHA256, c14n_algorithm=method).sign(
        etree.fromstring(data),
        key=signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        cert=[signer.certificate],
    )
    return etree.tostring(made, xml_declaration=True, encoding="utf-8")


@cache
def _whole(*, xades: bool = False) -> bytes:
    return _signed(page(), _signer(), xades=xades)


def _state(reading: Reading) -> tuple[SignatureState, str]:
    (signature,) = reading.signatures
    return signature.state, signature.reason


@pytest.mark.parametrize("xades", [False, True])
def test_valid_where_the_authority_is_trusted(xades: bool) -> None:
    reading = read(_whole(xades=xades), trusted=[_signer().root])
    assert _state(reading) == (SignatureState.VALID, "trusted")
    assert reading.accepted
    assert reading.signatures[0].signer == "CN=Laboratory"
    assert reading.signatures[0].form == ("xades" if xades else "xmldsig")
    assert (reading.signatures[0].signed_at is not None) == xades


def test_valid_where_the_signer_alone_is_trusted() -> None:
    assert _state(read(_whole(), trusted=[_signer().certificate])) == (SignatureState.VALID, "trusted")


def test_an_unknown_authority_cannot_be_verified_and_refuses_nothing() -> None:
    for trusted in ([], [_signer(364).root]):
        reading = read(_whole(), trusted=trusted)
        assert _state(reading) == (SignatureState.CANNOT_VERIFY, "unknown_root")
        assert reading.signatures[0].holds
        assert reading.accepted


def test_an_expired_signer_cannot_be_verified() -> None:
    expired = _signer(30)
    reading = read(_signed(page(), expired), trusted=[expired.root])
    assert _state(reading) == (SignatureState.CANNOT_VERIFY, "expired")
    early = read(_whole(), trusted=[_signer().root], now=_START - timedelta(days=1))
    assert _state(early) == (SignatureState.CANNOT_VERIFY, "not_yet_valid")


def test_a_certificate_that_may_not_issue_leads_nowhere() -> None:
    signer = _signer(authority_signs=False)
    assert _state(read(_signed(page(), signer), trusted=[signer.root])) == (
        SignatureState.CANNOT_VERIFY,
        "unknown_root",
    )


def test_an_unsigned_file_is_accepted_and_said_to_be_unsigned() -> None:
    reading = read(page())
    assert (reading.signatures, reading.signature_state, reading.accepted) == ((), SignatureState.NONE, True)


@pytest.mark.parametrize("xades", [False, True])
def test_every_byte_of_the_content_is_held(xades: bool) -> None:
    """Flip single bytes all over the signed content: never valid, and broken wherever the file can still be read."""
    whole = _whole(xades=xades)
    end = whole.index(b"<ds:Signature")
    kinds = set()
    for place in range(120, end, 97):
        changed = bytearray(whole)
        changed[place] = changed[place] ^ 1
        reading = read(bytes(changed), trusted=[_signer().root])
        assert reading.signature_state is not SignatureState.VALID
        assert not reading.accepted, place
        kinds.update(codes(reading))
    assert "dcc.signature.altered" in kinds


def test_a_value_changed_by_one_digit_is_altered() -> None:
    reading = read(_whole().replace(b"100.0220", b"100.0221"), trusted=[_signer().root])
    assert _state(reading) == (SignatureState.INVALID, "altered")
    assert codes(reading) == ["dcc.signature.altered"]
    assert reading.certificate is not None
    assert reading.certificate.quantities[0].values[0].number.text == "100.0221"


def test_the_signature_itself_is_held() -> None:
    whole = _whole()
    start = whole.index(b"<ds:SignatureValue>") + len(b"<ds:SignatureValue>")
    changed = whole[:start] + (b"A" if whole[start : start + 1] != b"A" else b"B") + whole[start + 1 :]
    assert _state(read(changed, trusted=[_signer().root])) == (SignatureState.INVALID, "broken")
    start = whole.index(b"<ds:DigestValue>") + len(b"<ds:DigestValue>")
    changed = whole[:start] + (b"A" if whole[start : start + 1] != b"A" else b"B") + whole[start + 1 :]
    assert _state(read(changed, trusted=[_signer().root]))[0] is SignatureState.INVALID


def test_the_certificate_of_another_does_not_fit() -> None:
    def inside(signer: _Signer) -> bytes:
        pem = signer.certificate.public_bytes(Encoding.PEM).decode().splitlines()
        return "\n".join(pem[1:-1]).encode()

    whole = _whole()
    start, end = whole.index(b"<ds:X509Certificate>") + 20, whole.index(b"</ds:X509Certificate>")
    other = _signer(200)
    changed = whole[:start] + inside(other) + whole[end:]
    assert _state(read(changed, trusted=[other.root])) == (SignatureState.INVALID, "broken")


def test_a_signature_of_a_part_does_not_count_for_the_whole() -> None:
    """The signed element is kept, beside it stands another content: only what is signed as a whole can hold."""
    whole = _whole().replace(b'Reference URI=""', b'Reference URI="#item1"')
    assert _state(read(whole, trusted=[_signer().root])) == (SignatureState.CANNOT_VERIFY, "partial")


def test_a_transform_that_is_not_known_is_not_guessed() -> None:
    whole = _whole().replace(
        b"http://www.w3.org/2000/09/xmldsig#enveloped-signature", b"http://www.w3.org/TR/1999/REC-xpath-19991116"
    )
    assert _state(read(whole, trusted=[_signer().root])) == (SignatureState.CANNOT_VERIFY, "unsupported")


def test_a_second_signature_does_not_break_the_first() -> None:
    first, second = _signer(), _signer(300)
    twice = _signed(_whole(), second)
    reading = read(twice, trusted=[first.root, second.root])
    assert [one.state for one in reading.signatures] == [SignatureState.VALID] * 2
    assert [one.path.rpartition("/")[2] for one in reading.signatures] == ["ds:Signature[1]", "ds:Signature[2]"]
    only_one = read(twice, trusted=[first.root])
    assert [one.state for one in only_one.signatures] == [SignatureState.VALID, SignatureState.CANNOT_VERIFY]
    assert only_one.signature_state is SignatureState.CANNOT_VERIFY
    broken = read(twice.replace(b"SN-7", b"SN-8"), trusted=[first.root, second.root])
    assert [one.state for one in broken.signatures] == [SignatureState.INVALID] * 2


def test_now_is_a_time_of_these_certificates() -> None:
    assert _START < NOW < _START + timedelta(days=200)
