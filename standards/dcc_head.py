"""What a digital certificate says around its values, as texts for a form, and whether it is of this standard. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from lims.core.text import fold
from lims.dcc.certificate_facts import Certificate
from lims.dcc.facts import Texts
from lims.dcc.value_facts import Place, Quantity
from lims.people.facts import OrganisationFacts

_LONGEST = 2000
_LONGEST_METHOD = 300


def method_text(certificate: Certificate, language: str) -> str:
    """Return the methods with their norms, in one line."""
    found = []
    for method in certificate.methods:
        named = [said(method.name, language), *method.norms, *method.references]
        found.append(", ".join(part for part in named if part))
    return "; ".join(dict.fromkeys(found))[:_LONGEST_METHOD]


def conditions_text(certificate: Certificate, language: str) -> str:
    """Return the influence conditions, each with its values and units as written."""
    lines = []
    for quantity in certificate.quantities:
        if quantity.place is Place.CONDITION:
            names = [said(name, language) for name in (*quantity.heading[-1:], quantity.name)]
            name = ", ".join(dict.fromkeys(part for part in names if part))
            lines.append(f"{name}: {_values(quantity)}")
    return "; ".join(lines)[:_LONGEST]


def _values(quantity: Quantity) -> str:
    shown = [f"{value.number.text} {value.unit.canonical or value.unit.text}" for value in quantity.values]
    return " = ".join(shown)


def serial_numbers(certificate: Certificate) -> tuple[str, ...]:
    """Return the numbers by which the file identifies what was calibrated."""
    numbers = [one.value for item in certificate.items for one in item.identifications]
    return tuple(dict.fromkeys(number for number in numbers if number))


def names_serial_number(certificate: Certificate, serial_number: str | None) -> bool | None:
    """Return whether the file names a serial number, None where there is none to compare."""
    named = serial_numbers(certificate)
    if not serial_number or not named:
        return None
    return fold(serial_number) in {fold(number) for number in named}


def matching_laboratory(certificate: Certificate, organisations: Sequence[OrganisationFacts]) -> int | None:
    """Return the organisation that made the calibration, where exactly one has its name in any language."""
    names = {fold(entry.text) for contact in certificate.laboratories for entry in contact.name.entries}
    found = [body.id for body in organisations if names & {fold(body.name_vi), fold(body.name_en or body.name_vi)}]
    return found[0] if len(found) == 1 else None


def said(texts: Texts, language: str) -> str:
    """Return texts in a language, else in English, else in what they are in; in one line."""
    return " ".join(texts.in_language(language, "en").split())
