"""What stands on an item's label, and what a scan of it (or a number typed) names. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

import segno

CODE_ALPHABET: Final = "bcghkmnpqtv2345678"
"""Letters of an item's code. None of them is changed by a Vietnamese keyboard (Telex, VNI) while a scanner types them,
none is taken for another one by a reader, and no word comes of them."""
CODE_LENGTH: Final = 28
_TOKEN: Final = r"[A-Za-z0-9_-]{20,64}"
_ADDRESS: Final = re.compile(rf"/i/(?P<token>{_TOKEN})/?$", re.IGNORECASE)
_BARE: Final = re.compile(_TOKEN)
_NUMBER: Final = re.compile(r"(?P<job>\S.{0,58}?)\s*/\s*(?P<position>\d{1,4})")
_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class LabelFacts:
    """A label: the code, and in words what a person reads. No name of anybody."""

    address: str
    number: str
    instrument_vi: str
    instrument_en: str
    serial_number: str
    customer_code: str
    received_on: date | None


@dataclass(frozen=True, slots=True)
class Scan:
    """What was scanned or typed: an item's token, or its job's number and its position."""

    token: str | None = None
    job_number: str = ""
    position: int = 0


def item_address(base_url: str, token: str) -> str:
    """Return the short address that an item's code says."""
    return f"{base_url.rstrip('/')}/i/{token}"


def customer_code(organisation_id: int) -> str:
    """Return the code by which a customer is named where their name should not stand."""
    return f"KH-{organisation_id:0{_DIGITS}d}"


def read_scan(text: str) -> Scan | None:
    """Return what a scanned or typed text names, None where it is no item: another code, a word, a name.

    Of an address only its end counts: what stands before it may have been altered by the keyboard's own rules.
    """
    text = text.strip()
    address = _ADDRESS.search(text)
    if address is not None:
        return Scan(token=address["token"])
    number = _NUMBER.fullmatch(text)
    if number is not None:
        return Scan(job_number=number["job"], position=int(number["position"]))
    return Scan(token=text) if _BARE.fullmatch(text) else None


def code_picture(address: str) -> str:
    """Return the QR code of an address as SVG with classes, the quiet zone of four modules included."""
    code = segno.make_qr(address, error="m")
    return str(code.svg_inline(border=4, omitsize=True, svgclass="code", lineclass="code-dark"))
