"""Whether a signer's certificate leads to one that the caller trusts, all in force at a time (RFC 5280, 6.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from lims.core.errors import ConfigurationError

_LONGEST_CHAIN: Final = 8


class Trust(StrEnum):
    """What is known of a signer."""

    TRUSTED = "trusted"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    UNKNOWN_ROOT = "unknown_root"
    NOT_FOR_SIGNING = "not_for_signing"


def read_trusted(paths: Iterable[Path]) -> tuple[x509.Certificate, ...]:
    """Return the certificates of PEM files; raises ConfigurationError naming a file that holds none."""
    found: list[x509.Certificate] = []
    for path in paths:
        try:
            found.extend(x509.load_pem_x509_certificates(path.read_bytes()))
        except (OSError, ValueError) as error:
            raise ConfigurationError("dcc.trusted_unreadable", file=str(path)) from error
    return tuple(found)


def trust_in(
    signer: x509.Certificate, others: Sequence[x509.Certificate], trusted: Sequence[x509.Certificate], now: datetime
) -> Trust:
    """Return what is known of a signer at a time. `others` may be links to the trusted ones; they are not believed."""
    if now > signer.not_valid_after_utc:
        return Trust.EXPIRED
    if now < signer.not_valid_before_utc:
        return Trust.NOT_YET_VALID
    if not _may_sign(signer):
        return Trust.NOT_FOR_SIGNING
    usable = [one for one in others if _may_issue(one) and _in_force(one, now)]
    return Trust.TRUSTED if _leads(signer, usable, trusted, now, _LONGEST_CHAIN) else Trust.UNKNOWN_ROOT


def _leads(
    certificate: x509.Certificate,
    others: Sequence[x509.Certificate],
    trusted: Sequence[x509.Certificate],
    now: datetime,
    left: int,
) -> bool:
    if certificate in trusted:
        return True
    if any(_may_issue(root) and _in_force(root, now) and _issued(root, certificate) for root in trusted):
        return True
    if left == 0:
        return False
    return any(
        _issued(link, certificate)
        and _leads(link, [other for other in others if other != link], trusted, now, left - 1)
        for link in others
    )


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    if issuer.subject != certificate.issuer:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def _in_force(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _may_issue(certificate: x509.Certificate) -> bool:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        if not constraints.ca:
            return False
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound as missing:
        return missing.oid == x509.KeyUsage.oid
    except ValueError:
        return False


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    except ValueError:
        return False
    return usage.digital_signature or usage.content_commitment
