"""A reading as one JSON document: every value with its parts and places, the facts, and all content as a tree."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Final

from lims.core.messages import message
from lims.dcc.certificate_facts import Certificate, Reading
from lims.dcc.facts import Finding, Node, Texts
from lims.dcc.lexical import bytes_of
from lims.dcc.value_facts import Number, Quantity, Uncertainty, Value

Json = dict[str, object]
_ATTACHED: Final = "base64Binary"
_OF_ITS_OWN: Final = frozenset({"root", "quantities", "version", "digital_si_version"})


def as_document(reading: Reading, file: str) -> str:
    """Return the document as text."""
    return json.dumps(document_of(reading, file), ensure_ascii=False, indent=1)


def document_of(reading: Reading, file: str) -> Json:
    """Return the document; of a file whose structure could not be read, what is known of it."""
    certificate = reading.certificate
    document: Json = {
        "file": file,
        "sha256": reading.sha256,
        "size": reading.size,
        "accepted": reading.accepted,
        "schema_version": reading.version,
        "digital_si_version": None if certificate is None else certificate.digital_si_version,
        "checked_by_schema": reading.schema_checked,
        "signature": {"state": reading.signature_state.value, "signatures": plain(reading.signatures)},
        "findings": [_finding(one) for one in reading.findings],
        "findings_left_off": reading.findings_left_off,
        "certificate": None,
        "values": [],
        "quantities": [],
        "content": None,
    }
    if certificate is not None:
        document["certificate"] = _certificate(certificate)
        document["values"] = [row for quantity in certificate.quantities for row in _values(quantity)]
        document["quantities"] = [_quantity(quantity) for quantity in certificate.quantities]
        document["content"] = _node(certificate.root)
    return document


def plain(value: object) -> object:
    """Return facts as what JSON knows: texts as a list, numbers and dates as text."""
    if isinstance(value, Texts):
        return [plain(entry) for entry in value.entries]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple | list):
        return [plain(entry) for entry in value]
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    return value


def _finding(finding: Finding) -> Json:
    return {
        "severity": finding.severity.value,
        "code": finding.code,
        "path": finding.path,
        "message": message(finding.code, finding.values),
        "values": plain(dict(finding.values)),
    }


def _certificate(certificate: Certificate) -> Json:
    return {
        field.name: plain(getattr(certificate, field.name))
        for field in dataclasses.fields(certificate)
        if field.name not in _OF_ITS_OWN
    }


def _quantity(quantity: Quantity) -> Json:
    return {
        "path": quantity.path,
        "place": quantity.place.value,
        "name": _by_language(quantity.name),
        "heading": [_by_language(name) for name in quantity.heading],
        "ref_types": list(quantity.ref_types),
        "id": quantity.identifier,
        "refers_to": list(quantity.refers_to),
        "description": _by_language(quantity.description),
        "values": len(quantity.values),
        "text": plain(quantity.text),
        "words": list(quantity.words),
        "regions": plain(quantity.regions),
    }


def _values(quantity: Quantity) -> Iterator[Json]:
    for value in quantity.values:
        yield _value(quantity, value, relative=False)
    for value in quantity.relative:
        yield _value(quantity, value, relative=True)


def _value(quantity: Quantity, value: Value, *, relative: bool) -> Json:
    uncertainty = value.uncertainty
    return {
        "path": value.number.path,
        "position": value.number.position,
        "quantity": quantity.path,
        "place": quantity.place.value,
        "name": _by_language(quantity.name),
        "ref_types": list(quantity.ref_types),
        "label": value.label,
        "kind": value.kind.value,
        "component": plain(value.component),
        "relative_uncertainty": relative,
        "hybrid": value.hybrid,
        "alternative": value.alternative,
        "value": value.number.text,
        "unit": value.unit.text,
        "unit_state": value.unit.state.value,
        "unit_canonical": value.unit.canonical,
        "date_time": value.date_time,
        "quantity_kind": value.quantity_kind,
        "significant_digits": value.significant_digits,
        **_uncertainty(uncertainty),
        "paths": {"value": value.number.path, "unit": value.unit.path, **_paths(uncertainty)},
    }


def _uncertainty(uncertainty: Uncertainty | None) -> Json:
    if uncertainty is None:
        return {
            "uncertainty_form": None,
            "expanded_uncertainty": None,
            "standard_uncertainty": None,
            "coverage_factor": None,
            "coverage_probability": None,
            "interval": None,
            "distribution": None,
            "stated_for_all": False,
            "degrees_of_freedom": None,
            "degrees_of_freedom_state": None,
        }
    low, high = uncertainty.interval_low, uncertainty.interval_high
    return {
        "uncertainty_form": uncertainty.form,
        "expanded_uncertainty": _text(uncertainty.expanded),
        "standard_uncertainty": _text(uncertainty.standard),
        "coverage_factor": _text(uncertainty.coverage_factor),
        "coverage_probability": _text(uncertainty.coverage_probability),
        "interval": None if low is None and high is None else [_text(low), _text(high)],
        "distribution": uncertainty.distribution,
        "stated_for_all": uncertainty.shared,
        "degrees_of_freedom": _text(uncertainty.degrees_of_freedom),
        "degrees_of_freedom_state": uncertainty.degrees_state.value,
    }


def _paths(uncertainty: Uncertainty | None) -> Json:
    if uncertainty is None:
        return {}
    numbers = {
        "expanded_uncertainty": uncertainty.expanded,
        "standard_uncertainty": uncertainty.standard,
        "coverage_factor": uncertainty.coverage_factor,
        "coverage_probability": uncertainty.coverage_probability,
        "interval_low": uncertainty.interval_low,
        "interval_high": uncertainty.interval_high,
        "degrees_of_freedom": uncertainty.degrees_of_freedom,
    }
    paths: Json = {name: number.path for name, number in numbers.items() if number is not None}
    if uncertainty.distribution_path is not None:
        paths["distribution"] = uncertainty.distribution_path
    return paths


def _text(number: Number | None) -> str | None:
    return None if number is None else number.text


def _by_language(texts: Texts) -> dict[str, str]:
    """Return texts by language; the empty name holds what says none."""
    return {entry.language or "": entry.text for entry in reversed(texts.entries)}


def _node(node: Node) -> Json:
    """Return an element with everything inside; of a file inside the file only how long it is."""
    element: Json = {"name": node.name, "path": node.path}
    if node.attributes:
        element["attributes"] = dict(node.attributes)
    if node.type == _ATTACHED:
        element["bytes"] = len(bytes_of(node.text or "") or b"")
    elif node.raw is not None:
        element["xml"] = node.raw
    elif node.text is not None:
        element["text"] = node.text
    if node.children:
        element["children"] = [_node(child) for child in node.children]
    return element
