"""A reading for a person: the facts, each value with its unit, uncertainty and place, findings and signature."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from lims.core import formats, reader
from lims.core.messages import label, message
from lims.dcc.certificate_facts import (
    Certificate,
    Contact,
    Equipment,
    Reading,
    SignatureFacts,
    SignatureState,
    Statement,
)
from lims.dcc.facts import Finding, Severity, Texts
from lims.dcc.value_facts import Number, Quantity, Uncertainty, UnitState, Value

_GAP: Final = "   "
_JOINT: Final = " › "


def printable(text: object) -> str:
    """Return text without what would move a terminal's cursor or change its colours."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in str(text))


def finding_line(finding: Finding) -> str:
    """Return a finding: how much it weighs, where, and what."""
    words = message(finding.code, finding.values)
    return printable(f"{label(f'dcc_severity.{finding.severity.value}')}: {finding.path}: {words}")


def verdict_line(reading: Reading, file: str) -> str:
    """Return whether a file is accepted, and by what it was judged."""
    by = message("dcc.by_schema" if reading.schema_checked else "dcc.by_rules")
    errors = sum(finding.severity is Severity.ERROR for finding in reading.findings)
    values = {"file": file, "version": reading.version, "count": errors, "by": by}
    return printable(message("dcc.verdict.accepted" if reading.accepted else "dcc.verdict.refused", values))


def signature_lines(reading: Reading) -> Iterator[str]:
    """Return the state of each signature; that there is none is said as well."""
    if not reading.signatures:
        yield message("dcc.signature_state.none")
    for signature in reading.signatures:
        yield printable(_signature(signature))


def _signature(signature: SignatureFacts) -> str:
    values = {
        "signer": signature.signer or label("dcc.nobody"),
        "reason": label(f"dcc_reason.{signature.reason}"),
    }
    words = message(f"dcc.signature_state.{signature.state.value}", values)
    if signature.state is SignatureState.CANNOT_VERIFY and signature.holds:
        return f"{words} {message('dcc.holds')}"
    return words


def certificate_lines(reading: Reading) -> Iterator[str]:
    """Return everything that a certificate says, values with the places where they stand."""
    certificate = reading.certificate
    if certificate is None:
        return
    yield from _head(certificate, reading)
    yield from _used(certificate)
    said: dict[str, list[Statement]] = {}
    for statement in certificate.statements:
        said.setdefault(statement.about, []).append(statement)
    place = None
    for quantity in certificate.quantities:
        if quantity.place is not place:
            place = quantity.place
            yield ""
            yield label(f"dcc_place.{place.value}")
        yield from _quantity(quantity, said.get(quantity.path, ()))


def _line(name: str, *parts: object) -> str:
    shown = " · ".join(printable(part) for part in parts if part)
    return f"{label(f'dcc_line.{name}')}: {shown}"


def _said(texts: Texts) -> str:
    """Return texts in the reader's language, else in English, else in what they are in."""
    return " ".join(texts.in_language(reader.spoken(), "en").split())


def _head(certificate: Certificate, reading: Reading) -> Iterator[str]:
    core = certificate.core
    yield _line("number", core.unique_identifier)
    yield _line("version", f"DCC {certificate.version}", f"D-SI {certificate.digital_si_version}")
    yield _line("file", reading.sha256)
    for laboratory in certificate.laboratories:
        yield _line("laboratory", *_contact(laboratory), certificate.laboratory_code)
    yield _line("customer", *_contact(certificate.customer))
    if core.received_on:
        yield _line("received", formats.date(core.received_on))
    days = (core.began_on, core.ended_on)
    yield _line("performed", " – ".join(dict.fromkeys(formats.date(day) for day in days if day is not None)))
    if core.issued_on:
        yield _line("issued", formats.date(core.issued_on))
    if core.performance_location:
        yield _line("location", core.performance_location)
    yield _line("languages", ", ".join(core.used_languages))
    if core.replaced_identifier or core.previous_report:
        previous = core.previous_report
        yield _line("replaces", core.replaced_identifier, core.type_of_change, previous.number if previous else None)
    for person in certificate.persons:
        yield _line("person", _said(person.contact.name), person.role)


def _contact(contact: Contact) -> Iterator[str]:
    yield _said(contact.name)
    place = contact.location
    if place is not None:
        street = " ".join(part for part in (place.street, place.street_number) if part)
        city = " ".join(part for part in (place.post_code, place.city) if part)
        yield ", ".join(part for part in (street, city, place.state, place.country_code) if part)
    yield contact.e_mail or ""


def _used(certificate: Certificate) -> Iterator[str]:
    for item in certificate.items:
        yield _line("item", *_equipment(item))
    for equipment in certificate.equipment:
        reference = equipment.certificate
        named = (_said(reference.title), reference.number, reference.value) if reference else ()
        yield _line("equipment", *_equipment(equipment), *named)
    for method in certificate.methods:
        yield _line("method", _said(method.name), *method.norms, *method.references)
    for software in certificate.software:
        yield _line("software", _said(software.name), software.release)
    for condition in certificate.conditions:
        yield _line("condition", _said(condition.name), condition.status)
    for statement in certificate.statements:
        yield _line("statement", *_statement(statement))
    for attachment in certificate.attachments:
        yield _line("attachment", attachment.file_name, attachment.mime_type, attachment.sha256)


def _equipment(equipment: Equipment) -> Iterator[str]:
    yield _said(equipment.name)
    yield _said(equipment.manufacturer.name) if equipment.manufacturer else ""
    yield equipment.model or ""
    for one in equipment.identifications:
        yield f"{_said(one.name) or one.issuer}: {one.value}"


def _statement(statement: Statement) -> Iterator[str]:
    yield _said(statement.name) or ", ".join(statement.ref_types)
    yield _said(statement.declaration)
    yield " ".join(statement.conformity)
    yield from statement.norms
    yield from statement.references


def _quantity(quantity: Quantity, statements: Sequence[Statement]) -> Iterator[str]:
    names = [_said(name) for name in (*quantity.heading, quantity.name)]
    title = _JOINT.join(name for name in names if name) or label("dcc_line.no_name")
    marks = f" [{', '.join(quantity.ref_types)}]" if quantity.ref_types else ""
    yield printable(f"  {title}{marks}")
    if not quantity.values:
        yield printable(f"    {_said(quantity.text) or ' '.join(quantity.words)}")
        yield f"    {quantity.path}"
    for relative, values in ((False, quantity.values), (True, quantity.relative)):
        for _, group in groupby(values, key=lambda value: value.element):
            yield from _group(list(group), relative=relative)
    for region in quantity.regions:
        yield f"    {label('dcc_line.region')}: {region.path}"
    for statement in statements:
        if statement.conformity:
            shown = printable(" ".join(statement.conformity))
            yield f"    {label('dcc_line.conformity')}: {shown}   {statement.conformity_path}"


def _group(values: Sequence[Value], *, relative: bool) -> Iterator[str]:
    """Return the values of one element as rows, then the places of their parts."""
    notes = []
    if relative:
        notes.append(label("dcc_line.relative"))
    if (values[0].alternative or 1) > 1:
        notes.append(label("dcc_line.alternative"))
    if notes:
        yield f"    ({', '.join(notes)})"
    for value in values:
        yield printable(f"    {_GAP.join(part for part in _row(value) if part)}")
    for place in dict.fromkeys(place for value in values for place in _places(value)):
        yield f"      {place}"


def _row(value: Value) -> Iterator[str]:
    yield f"{value.index}." if value.index is not None else ""
    yield value.label or ""
    yield label(f"dcc_component.{value.component.value}") if value.component else ""
    unit = value.unit
    understood = unit.canonical if unit.state is UnitState.UNDERSTOOD else label(f"dcc_unit.{unit.state.value}")
    yield f"{value.number.text} {unit.text} ({understood})"
    if value.uncertainty is not None:
        yield from _uncertainty(value.uncertainty)
    yield value.date_time or ""


def _uncertainty(uncertainty: Uncertainty) -> Iterator[str]:
    parts = (
        ("U", uncertainty.expanded),
        ("u", uncertainty.standard),
        ("k", uncertainty.coverage_factor),
        ("p", uncertainty.coverage_probability),
    )
    for sign, number in parts:
        if number is not None:
            yield f"{sign} = {number.text}"
    if uncertainty.interval_low is not None and uncertainty.interval_high is not None:
        limits = f"{uncertainty.interval_low.text} … {uncertainty.interval_high.text}"
        yield f"{label('dcc_line.interval')}: {limits}"
    yield uncertainty.distribution or ""
    degrees = uncertainty.degrees_of_freedom
    yield f"ν = {degrees.text}" if degrees is not None else f"ν: {label('dcc_line.no_degrees')}"
    yield f"({label('dcc_line.for_all')})" if uncertainty.shared else ""


def _places(value: Value) -> Iterator[str]:
    yield value.number.path
    yield value.unit.path
    uncertainty = value.uncertainty
    if uncertainty is None:
        return
    numbers: tuple[Number | None, ...] = (
        uncertainty.expanded,
        uncertainty.standard,
        uncertainty.coverage_factor,
        uncertainty.coverage_probability,
        uncertainty.interval_low,
        uncertainty.interval_high,
        uncertainty.degrees_of_freedom,
    )
    yield from (number.path for number in numbers if number is not None)
    if uncertainty.distribution_path is not None:
        yield uncertainty.distribution_path
