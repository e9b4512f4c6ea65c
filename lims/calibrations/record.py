"""The input record of an evaluation: read from JSON to typed values, strictly. Pure.

A record holds the whole input of an evaluation, so that it can be run again from its own text: the definition, the
agreed points, readings, what was left out, what the calibrations say, the item's resolution, specification, rule,
scope and seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from lims.calibrations.case import Case, CaseReading, Characteristic, Reference, SharedPart
from lims.calibrations.facts import Address
from lims.core.canonical import canonical_json
from lims.jobs.facts import AgreedSpecification, DecisionRule, points_from_json
from lims.procedures.definition import from_canonical
from lims.procedures.definition_facts import Definition
from lims.procedures.facts import ScopeKind, ScopeLineFacts

SCHEMA: Final = 1


@dataclass(frozen=True, slots=True)
class InputRecord:
    """A record, read: the case to evaluate and what its results are held against."""

    case: Case
    specification: AgreedSpecification
    rule: DecisionRule
    scope: Mapping[tuple[str, str], ScopeLineFacts]


def read_record(data: Mapping[str, Any]) -> InputRecord:
    """Read an input record. Raises KeyError, ValueError or InvalidInput for a record that was not written here."""
    if data["schema"] != SCHEMA:
        raise ValueError(f"an input record of schema {data['schema']!r} cannot be read")
    agreed = points_from_json(None if data["points"] is None else canonical_json(data["points"]))
    case = Case(
        definition=definition_of(data),
        points={entry.section: entry.points for entry in agreed},
        readings=tuple(_reading(entry) for entry in data["readings"]),
        left_out=frozenset((entry["section"], entry["point"], entry["phase"]) for entry in data["left_out"]),
        references=tuple(_reference(entry) for entry in data["references"]),
        item_resolution={
            section: (Decimal(entry["step"]), entry["unit"]) for section, entry in data["item"]["resolution"].items()
        },
        correlations={(entry["first"], entry["second"]): float(entry["coefficient"]) for entry in data["correlations"]},
        seed=data["seed"],
        characteristics=tuple(_characteristic(entry) for entry in data.get("characteristics", ())),
        shared=tuple(
            SharedPart(entry["first"], entry["second"], float(entry["coefficient"])) for entry in data.get("shared", ())
        ),
    )
    return InputRecord(
        case=case,
        specification=AgreedSpecification.from_json(canonical_json(data["specification"])),
        rule=DecisionRule.from_json(canonical_json(data["decision_rule"])),
        scope={(entry["section"], entry["point"]): scope_line(entry["line"]) for entry in data["scope"]},
    )


def definition_of(data: Mapping[str, Any]) -> Definition:
    """Return the definition that a record was evaluated by; the same text is read once."""
    return from_canonical(canonical_json(data["procedure"]["definition"]))


def _reading(entry: Mapping[str, Any]) -> CaseReading:
    return CaseReading(
        id=entry["id"],
        address=read_address(entry),
        value=None if entry["value"] is None else Decimal(entry["value"]),
        unit=entry["unit"],
        excluded=entry["excluded"] is not None,
    )


def read_address(entry: Mapping[str, Any]) -> Address:
    """Read the address that `address_data` wrote."""
    return Address(
        section=entry["section"],
        point=entry["point"],
        cycle=entry["cycle"],
        direction=entry["direction"],
        sequence=entry["sequence"],
        role=entry["role"],
        phase=entry["phase"],
    )


def address_data(address: Address) -> dict[str, str | int]:
    """Return an address as plain data."""
    return {
        "section": address.section,
        "point": address.point,
        "cycle": address.cycle,
        "direction": address.direction,
        "sequence": address.sequence,
        "role": str(address.role),
        "phase": str(address.phase),
    }


def _reference(entry: Mapping[str, Any]) -> Reference:
    drift, resolution = entry["drift"], entry["resolution"]
    return Reference(
        slot=entry["slot"],
        section=entry["section"],
        point=entry["point"],
        standard=entry["standard"],
        content_id=entry["content_id"],
        digest=entry["digest"],
        value=Decimal(entry["value"]),
        unit=entry["unit"],
        expanded_uncertainty=Decimal(entry["expanded_uncertainty"]),
        expanded_uncertainty_unit=entry["expanded_uncertainty_unit"],
        coverage_factor=Decimal(entry["coverage_factor"]),
        degrees_of_freedom=Decimal(entry["degrees_of_freedom"]),
        drift_half_width=None if drift is None else Decimal(drift["half_width"]),
        drift_unit="" if drift is None else drift["unit"],
        drift_distribution="rectangular" if drift is None else drift["distribution"],
        resolution=None if resolution is None else Decimal(resolution["step"]),
        resolution_unit="" if resolution is None else resolution["unit"],
    )


def _characteristic(entry: Mapping[str, Any]) -> Characteristic:
    return Characteristic(
        slot=entry["slot"],
        section=entry["section"],
        point=entry["point"],
        identifier=entry["identifier"],
        standard=entry["standard"],
        value=Decimal(entry["value"]),
        unit=entry["unit"],
        digest=entry["digest"],
    )


def scope_line_data(line: ScopeLineFacts) -> dict[str, Any]:
    """Return a scope line as plain data, to be frozen with a run."""
    return {
        "id": line.id,
        "scope_version_id": line.scope_version_id,
        "kind": str(line.kind),
        "version": line.version,
        "body_number": line.body_number,
        "valid_from": line.valid_from.isoformat(),
        "valid_to": None if line.valid_to is None else line.valid_to.isoformat(),
        "site_id": line.site_id,
        "position": line.position,
        "quantity": line.quantity,
        "instrument_kind": line.instrument_kind,
        "title_vi": line.title_vi,
        "title_en": line.title_en,
        "lower": _text(line.lower),
        "upper": _text(line.upper),
        "unit": line.unit,
        "parameter": line.parameter,
        "method": line.method,
        "cmc_expression": line.cmc_expression,
        "cmc_unit": line.cmc_unit,
        "coverage_probability": _text(line.coverage_probability),
        "on_site": line.on_site,
    }


def scope_line(data: Mapping[str, Any]) -> ScopeLineFacts:
    """Read the scope line that `scope_line_data` wrote."""
    values = dict(data)
    values["kind"] = ScopeKind(data["kind"])
    values["valid_from"] = date.fromisoformat(data["valid_from"])
    values["valid_to"] = None if data["valid_to"] is None else date.fromisoformat(data["valid_to"])
    for name in ("lower", "upper", "coverage_probability"):
        values[name] = None if data[name] is None else Decimal(data[name])
    return ScopeLineFacts(**values)


def _text(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:f}"
