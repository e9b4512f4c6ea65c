"""Signatures (XML Signature, XAdES): whether the file is as it was signed, and whether the signer can be trusted.

Three states. Invalid: the file or the signature was altered. Valid: it holds, and the signer's certificate leads to one
of those that the caller trusts and is in force now. Cannot verify: it holds, but the signer is expired or unknown here;
or it is of a kind that is not checked here. Revocation lists and time stamps are not asked: nothing is fetched.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.algorithms import CanonicalizationMethod
from signxml.exceptions import InvalidDigest, InvalidInput, InvalidSignature, SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from lims.dcc.certificate_facts import SignatureFacts, SignatureState
from lims.dcc.source import SIGNATURE_NAMESPACE
from lims.dcc.trust import Trust, trust_in

_DS: Final = f"{{{SIGNATURE_NAMESPACE}}}"
_NAMES: Final = {"ds": SIGNATURE_NAMESPACE}
_XADES: Final = ("http://uri.etsi.org/01903/v1.3.2#", "http://uri.etsi.org/01903/v1.1.1#")
_ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_TRANSFORMS: Final = frozenset({_ENVELOPED, *(method.value for method in CanonicalizationMethod)})
_DIGESTS: Final = {
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
    "http://www.w3.org/2000/09/xmldsig#sha1": "sha1",
    "http://www.w3.org/2001/04/xmldsig-more#sha224": "sha224",
}
_MOST_SIGNATURES: Final = 10
_LONGEST: Final = 200


class _OfNumber(XMLVerifier):
    """Verifies one of several signatures that are children of the root, by its number."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def _get_signature(self, root: etree._Element) -> etree._Element:
        return root.findall("ds:Signature", _NAMES)[self._number]


@dataclass(frozen=True, slots=True)
class _Said:
    """What a signature says of itself."""

    facts: SignatureFacts
    certificates: tuple[x509.Certificate, ...]
    others: tuple[x509.Certificate, ...]


def verify(data: bytes, *, trusted: Sequence[x509.Certificate], now: datetime) -> tuple[SignatureFacts, ...]:
    """Return the state of each signature of a file that was parsed before; none where it is unsigned.

    A signature made later than another does not count against it: each is checked with the later ones taken away.
    """
    root = etree.fromstring(data, _parser())
    found = root.findall("ds:Signature", _NAMES)
    states = []
    for number in range(min(len(found), _MOST_SIGNATURES)):
        path = f"/dcc:digitalCalibrationCertificate/ds:Signature{f'[{number + 1}]' if len(found) > 1 else ''}"
        states.append(_one(data, number, path, trusted, now))
    elsewhere = [element for element in root.iter(f"{_DS}Signature") if element.getparent() is not root]
    if elsewhere and not found:
        states.append(_unknown("not_at_root", "/dcc:digitalCalibrationCertificate//ds:Signature"))
    return tuple(states)


def _parser() -> etree.XMLParser:
    """Return a parser that keeps every sign: a signature may count comments."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_blank_text=False
    )


def _one(data: bytes, number: int, path: str, trusted: Sequence[x509.Certificate], now: datetime) -> SignatureFacts:
    root = etree.fromstring(data, _parser())
    signatures = root.findall("ds:Signature", _NAMES)
    for later in reversed(signatures[number + 1 :]):
        _take_away(later)
    signature = signatures[number]
    said = _said(signature, path)
    unsupported = _unsupported(root, signature)
    if unsupported is not None:
        return replace(said.facts, reason=unsupported[0], detail=unsupported[1])
    if not said.certificates and signature.find("ds:KeyInfo/ds:X509Data", _NAMES) is not None:
        return replace(said.facts, reason="certificate_unreadable")
    facts = _checked(root, signature, number, said)
    if facts.state is SignatureState.INVALID or not facts.holds or not said.certificates:
        return facts
    trust = trust_in(said.certificates[0], (*said.certificates[1:], *said.others), trusted, now)
    if trust is Trust.TRUSTED:
        return replace(facts, state=SignatureState.VALID, reason="trusted")
    return replace(facts, reason=trust.value)


def _take_away(element: etree._Element) -> None:
    """Remove an element and leave the text behind it."""
    parent, before, tail = element.getparent(), element.getprevious(), element.tail
    assert parent is not None
    if tail:
        if before is not None:
            before.tail = (before.tail or "") + tail
        else:
            parent.text = (parent.text or "") + tail
    parent.remove(element)


def _unknown(reason: str, path: str, detail: str = "") -> SignatureFacts:
    return SignatureFacts(SignatureState.CANNOT_VERIFY, reason, path, None, detail[:_LONGEST])


def _said(signature: etree._Element, path: str) -> _Said:
    """Return what a signature says of its signer, unchecked."""
    own = _certificates(signature.findall("ds:KeyInfo/ds:X509Data/ds:X509Certificate", _NAMES))
    others: list[x509.Certificate] = []
    signed_at, form = None, "xmldsig"
    for namespace in _XADES:
        if signature.find(f".//{{{namespace}}}QualifyingProperties") is not None:
            form = "xades"
            others.extend(_certificates(signature.iterfind(f".//{{{namespace}}}EncapsulatedX509Certificate")))
            signed_at = signature.findtext(f".//{{{namespace}}}SigningTime") or signed_at
    method = signature.find("ds:SignedInfo/ds:SignatureMethod", _NAMES)
    facts = SignatureFacts(
        SignatureState.CANNOT_VERIFY,
        "",
        path,
        None,
        signer=_name(own[0].subject) if own else None,
        issuer=_name(own[0].issuer) if own else None,
        valid_from=own[0].not_valid_before_utc.isoformat() if own else None,
        valid_until=own[0].not_valid_after_utc.isoformat() if own else None,
        signed_at=None if signed_at is None else signed_at.strip()[:40],
        algorithm=None if method is None else str(method.get("Algorithm", ""))[:_LONGEST],
        form=form,
    )
    return _Said(facts, tuple(own), tuple(others))


def _certificates(elements: Any) -> list[x509.Certificate]:
    """Return the certificates that can be read, the signer's own first: the one that issued none of the others."""
    found = []
    for element in elements:
        try:
            found.append(x509.load_der_x509_certificate(base64.b64decode("".join((element.text or "").split()))))
        except (ValueError, binascii.Error, UnsupportedAlgorithm):
            continue  # what cannot be read vouches for nothing
    issuers = {certificate.issuer.public_bytes() for certificate in found if certificate.issuer != certificate.subject}
    return sorted(found, key=lambda certificate: certificate.subject.public_bytes() in issuers)


def _name(name: x509.Name) -> str:
    try:
        return name.rfc4514_string()[:_LONGEST]
    except ValueError:
        return "?"


def _unsupported(root: etree._Element, signature: etree._Element) -> tuple[str, str] | None:
    """Return why a signature is not checked here: an unknown transform, or not the whole file signed."""
    whole = {"", *(f"#{root.get(name)}" for name in ("Id", "ID", "id") if root.get(name))}
    references = signature.findall("ds:SignedInfo/ds:Reference", _NAMES)
    for reference in references:
        for transform in reference.findall("ds:Transforms/ds:Transform", _NAMES):
            algorithm = str(transform.get("Algorithm"))
            if algorithm not in _TRANSFORMS:
                return "unsupported", algorithm[:_LONGEST]
    covering = [reference for reference in references if reference.get("URI") in whole]
    if not covering:
        return "partial", ", ".join(str(reference.get("URI")) for reference in references)[:_LONGEST]
    return None


def _checked(root: etree._Element, signature: etree._Element, number: int, said: _Said) -> SignatureFacts:
    """Return whether the file is as it was signed."""
    facts = said.facts
    options: dict[str, Any] = {}
    configuration = SignatureConfiguration(
        require_x509=bool(said.certificates),
        expect_references=True,
        ignore_ambiguous_key_info=False,
    )
    if said.certificates:
        signer = said.certificates[0]
        # Whether the certificate is in force is asked afterwards: here only whether its key made the signature.
        configuration = replace(configuration, verification_time=signer.not_valid_before_utc)
        options["x509_cert"] = signer
    try:
        _OfNumber(number).verify(etree.tostring(root), expect_config=configuration, parser=_parser(), **options)
    except InvalidDigest as error:
        return replace(facts, state=SignatureState.INVALID, reason="altered", holds=False, detail=_shown(error))
    except InvalidInput as error:
        return replace(facts, reason="unsupported", detail=_shown(error))
    except InvalidSignature as error:
        return replace(facts, state=SignatureState.INVALID, reason="broken", holds=False, detail=_shown(error))
    except (
        SignXMLException,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        LookupError,
        UnsupportedAlgorithm,
    ) as error:
        return replace(facts, reason="unsupported", detail=_shown(error))
    except etree.LxmlError as error:
        return replace(facts, reason="unsupported", detail=_shown(error))
    if said.certificates and not _names_its_signer(signature, said.certificates[0]):
        return replace(facts, state=SignatureState.INVALID, reason="other_signer", holds=False)
    return replace(facts, holds=True, reason="no_certificate")


def _shown(error: Exception) -> str:
    text = " ".join(str(error).split())
    return "".join(letter for letter in text if letter.isprintable())[:_LONGEST]


def _names_its_signer(signature: etree._Element, signer: x509.Certificate) -> bool:
    """Whether the certificate that XAdES names among the signed properties, if any, is the signer's."""
    der = signer.public_bytes(Encoding.DER)
    for namespace in _XADES:
        named = signature.findall(f".//{{{namespace}}}SigningCertificate/{{{namespace}}}Cert")
        named += signature.findall(f".//{{{namespace}}}SigningCertificateV2/{{{namespace}}}Cert")
        for cert in named[:1]:
            method = cert.find(f".//{_DS}DigestMethod")
            algorithm = _DIGESTS.get(str(method.get("Algorithm"))) if method is not None else None
            if algorithm is None:
                continue
            wanted = base64.b64decode(cert.findtext(f".//{_DS}DigestValue") or "")
            if hashlib.new(algorithm, der).digest() != wanted:
                return False
    return True
