"""Reads of instruments and standards; they return facts with a fixed number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import Connection, Row, Select, Table, bindparam, select
from sqlalchemy.orm import Session

from lims.core.errors import NotFound
from lims.core.prepared import Prepared
from lims.people.models import OrganisationName, Site
from standards.calibration_models import Standard, StandardPaper, StandardStateChange
from standards.facts import (
    FunctionFacts,
    InstrumentFacts,
    InstrumentLine,
    PaperFacts,
    PartFacts,
    RangeFacts,
    StandardFacts,
    StandardRole,
    StandardState,
    StateChange,
)
from standards.models import Instrument, InstrumentFunction, InstrumentPart, InstrumentRange

Names = dict[int, tuple[str, str | None]]


def names_of(session: Session, organisation_ids: Collection[int], on: date | None = None) -> Names:
    """Return what organisations are called (Vietnamese, English) on a date, or by their latest name."""
    if not organisation_ids:
        return {}
    query = (
        select(OrganisationName)
        .where(OrganisationName.organisation_id.in_(set(organisation_ids)))
        .order_by(OrganisationName.valid_from, OrganisationName.id)
    )
    names: Names = {}
    for row in session.execute(query).scalars():
        if on is None or row.valid_from <= on or row.organisation_id not in names:
            names[row.organisation_id] = (row.name_vi, row.name_en)
    return names


def instrument_facts(session: Session, instrument_id: int, *, on: date | None = None) -> InstrumentFacts:
    """Return an instrument with its parts, functions and ranges. Raises NotFound."""
    found = instruments_by_id(session, [instrument_id], on=on)
    if not found:
        raise NotFound("instrument.not_found")
    return found[instrument_id]


_RANGES, _FUNCTIONS, _PARTS = (
    cast(Table, model.__table__) for model in (InstrumentRange, InstrumentFunction, InstrumentPart)
)
_RANGE_ENDS = Prepared(
    select(*_RANGES.c["lower", "upper", "unit"])
    .join_from(_PARTS, _FUNCTIONS, _FUNCTIONS.c.part_id == _PARTS.c.id)
    .join(_RANGES, _RANGES.c.function_id == _FUNCTIONS.c.id)
    .where(_PARTS.c.instrument_id == bindparam("instrument"), _FUNCTIONS.c.quantity == bindparam("quantity"))
)


def range_ends(connection: Connection, instrument_id: int, quantity: str) -> list[tuple[Decimal, Decimal, str]]:
    """Return lower and upper end, and the unit, of each range of a quantity that has both."""
    rows = _RANGE_ENDS.rows(connection, {"instrument": instrument_id, "quantity": quantity})
    return [(lower, upper, unit) for lower, upper, unit in rows if lower is not None and upper is not None]


def instruments_by_id(
    session: Session, instrument_ids: Collection[int], *, on: date | None = None
) -> dict[int, InstrumentFacts]:
    """Return several instruments by their keys; unknown keys are left out."""
    wanted = set(instrument_ids)
    query = (
        select(Instrument, Standard.id)
        .outerjoin(Standard, Standard.instrument_id == Instrument.id)
        .where(Instrument.id.in_(wanted))
    )
    rows = list(session.execute(query))
    names = names_of(session, {instrument.owner_id for instrument, _ in rows}, on)
    parts = _parts_of(session, wanted)
    return {
        instrument.id: _instrument_facts(instrument, standard_id, names, parts[instrument.id])
        for instrument, standard_id in rows
    }


def _parts_of(session: Session, instrument_ids: Collection[int]) -> dict[int, tuple[PartFacts, ...]]:
    parts = list(
        session.execute(
            select(InstrumentPart)
            .where(InstrumentPart.instrument_id.in_(instrument_ids))
            .order_by(InstrumentPart.instrument_id, InstrumentPart.position, InstrumentPart.id)
        ).scalars()
    )
    of_parts = select(InstrumentPart.id).where(InstrumentPart.instrument_id.in_(instrument_ids))
    functions = list(
        session.execute(
            select(InstrumentFunction)
            .where(InstrumentFunction.part_id.in_(of_parts))
            .order_by(InstrumentFunction.part_id, InstrumentFunction.id)
        ).scalars()
    )
    of_functions = select(InstrumentFunction.id).where(InstrumentFunction.part_id.in_(of_parts))
    ranges: dict[int, list[RangeFacts]] = defaultdict(list)
    for row in session.execute(
        select(InstrumentRange).where(InstrumentRange.function_id.in_(of_functions)).order_by(InstrumentRange.id)
    ).scalars():
        ranges[row.function_id].append(_range_facts(row))
    by_part: dict[int, list[FunctionFacts]] = defaultdict(list)
    for function in functions:
        by_part[function.part_id].append(_function_facts(function, ranges[function.id]))
    by_instrument: dict[int, list[PartFacts]] = defaultdict(list)
    for part in parts:
        by_instrument[part.instrument_id].append(_part_facts(part, by_part[part.id]))
    return defaultdict(tuple, {key: tuple(found) for key, found in by_instrument.items()})


def _range_facts(row: InstrumentRange) -> RangeFacts:
    return RangeFacts(
        id=row.id,
        function_id=row.function_id,
        name=row.name,
        lower=row.lower,
        upper=row.upper,
        nominal=row.nominal,
        unit=row.unit,
        resolution=row.resolution,
        resolution_unit=row.resolution_unit,
        second_lower=row.second_lower,
        second_upper=row.second_upper,
        specification=row.specification,
    )


def _function_facts(row: InstrumentFunction, ranges: Iterable[RangeFacts]) -> FunctionFacts:
    return FunctionFacts(
        id=row.id,
        part_id=row.part_id,
        name=row.name,
        quantity=row.quantity,
        unit=row.unit,
        second_parameter=row.second_parameter,
        second_parameter_unit=row.second_parameter_unit,
        ranges=tuple(ranges),
    )


def _part_facts(row: InstrumentPart, functions: Iterable[FunctionFacts]) -> PartFacts:
    return PartFacts(
        id=row.id,
        code=row.code,
        name_vi=row.name_vi,
        name_en=row.name_en,
        serial_number=row.serial_number,
        marking=row.marking,
        position=row.position,
        functions=tuple(functions),
    )


def _instrument_facts(
    row: Instrument, standard_id: int | None, names: Names, parts: tuple[PartFacts, ...]
) -> InstrumentFacts:
    owner_vi, owner_en = names.get(row.owner_id, ("", None))
    return InstrumentFacts(
        id=row.id,
        token=row.token,
        owner_id=row.owner_id,
        owner_name_vi=owner_vi,
        owner_name_en=owner_en,
        site_id=row.site_id,
        kind=row.kind,
        name_vi=row.name_vi,
        name_en=row.name_en,
        manufacturer=row.manufacturer,
        model=row.model,
        serial_number=row.serial_number,
        asset_tag=row.asset_tag,
        year_made=row.year_made,
        country_made=row.country_made,
        accuracy_class=row.accuracy_class,
        firmware=row.firmware,
        type_approval_number=row.type_approval_number,
        purpose_of_use=row.purpose_of_use,
        legal_regime=row.legal_regime,
        place_of_use=row.place_of_use,
        location=row.location,
        note=row.note,
        retired_on=row.retired_on,
        row_version=row.row_version,
        standard_id=standard_id,
        parts=parts,
    )


def instrument_line(row: Row[*tuple[Any, ...]], names: Names) -> InstrumentLine:
    """Return the line of an instrument, key and code of the standard it is (if it is one), and owners' names."""
    instrument, standard_id, standard_code = row
    owner_vi, owner_en = names.get(instrument.owner_id, ("", None))
    return InstrumentLine(
        id=instrument.id,
        owner_id=instrument.owner_id,
        owner_name_vi=owner_vi,
        owner_name_en=owner_en,
        kind=instrument.kind,
        name_vi=instrument.name_vi,
        name_en=instrument.name_en,
        manufacturer=instrument.manufacturer,
        model=instrument.model,
        serial_number=instrument.serial_number,
        asset_tag=instrument.asset_tag,
        accuracy_class=instrument.accuracy_class,
        retired_on=instrument.retired_on,
        standard_id=standard_id,
        standard_code=standard_code,
    )


def standard_facts(session: Session, standard_id: int) -> StandardFacts:
    """Return a standard with its states and papers. Raises NotFound."""
    found = standards_by_id(session, [standard_id])
    if not found:
        raise NotFound("standard.not_found")
    return found[standard_id]


def own_standard_facts(session: Session, standard_id: int, laboratory_id: int | None) -> StandardFacts:
    """Return a standard of a laboratory. Raises NotFound for any other, as for one that does not exist."""
    facts = standard_facts(session, standard_id)
    if facts.laboratory_id != laboratory_id:
        raise NotFound("standard.not_found")
    return facts


def own_instruments(session: Session, laboratory_id: int) -> list[InstrumentLine]:
    """Return a laboratory's own instruments that are no standards yet, in Vietnamese order."""
    query: Select[*tuple[Any, ...]] = (
        select(Instrument, Standard.id, Standard.code)
        .outerjoin(Standard, Standard.instrument_id == Instrument.id)
        .where(Instrument.owner_id == laboratory_id, Standard.id.is_(None), Instrument.retired_on.is_(None))
        .order_by(Instrument.sort_key, Instrument.id)
    )
    names = names_of(session, [laboratory_id])
    return [instrument_line(row, names) for row in session.execute(query)]


def standards_by_id(session: Session, standard_ids: Collection[int]) -> dict[int, StandardFacts]:
    """Return several standards by their keys; unknown keys are left out."""
    return {
        facts.id: facts for facts in load_standards(session, standard_rows().where(Standard.id.in_(set(standard_ids))))
    }


def standard_rows() -> Select[*tuple[Any, ...]]:
    """Return the statement of every standard with its instrument and site, by code; callers narrow it."""
    return (
        select(Standard, Instrument, Site)
        .join(Instrument, Instrument.id == Standard.instrument_id)
        .join(Site, Site.id == Standard.site_id)
        .order_by(Standard.code, Standard.id)
    )


def load_standards(session: Session, query: Select[*tuple[Any, ...]]) -> list[StandardFacts]:
    """Return the standards of a narrowed statement, with states and papers: four statements in all."""
    rows = list(session.execute(query))
    keys = [standard.id for standard, _, _ in rows]
    states: dict[int, list[StateChange]] = defaultdict(list)
    changes = (
        select(StandardStateChange)
        .where(StandardStateChange.standard_id.in_(keys))
        .order_by(StandardStateChange.at, StandardStateChange.id)
    )
    for change in session.execute(changes).scalars():
        states[change.standard_id].append(
            StateChange(StandardState(change.state), change.at, change.limitation, change.reason, change.actor_name)
        )
    papers = _papers_of(session, keys)
    return [
        _standard_facts(standard, instrument, site, states[standard.id], papers[standard.id])
        for standard, instrument, site in rows
    ]


def _papers_of(session: Session, standard_ids: Collection[int]) -> dict[int, list[PaperFacts]]:
    query = (
        select(StandardPaper)
        .where(StandardPaper.standard_id.in_(standard_ids))
        .order_by(StandardPaper.issued_on.desc(), StandardPaper.id.desc())
    )
    rows = list(session.execute(query).scalars())
    names = names_of(session, {row.issuer_id for row in rows if row.issuer_id is not None})
    papers: dict[int, list[PaperFacts]] = defaultdict(list)
    for row in rows:
        issuer_vi, issuer_en = names.get(row.issuer_id or 0, (None, None))
        papers[row.standard_id].append(
            PaperFacts(
                id=row.id,
                kind=row.kind,
                number=row.number,
                issuer_id=row.issuer_id,
                issued_on=row.issued_on,
                valid_until=row.valid_until,
                document_sha256=row.document_sha256,
                issuer_name_vi=issuer_vi,
                issuer_name_en=issuer_en,
            )
        )
    return papers


def _standard_facts(
    standard: Standard,
    instrument: Instrument,
    site: Site,
    states: Iterable[StateChange],
    papers: Iterable[PaperFacts],
) -> StandardFacts:
    return StandardFacts(
        id=standard.id,
        instrument_id=instrument.id,
        site_id=site.id,
        laboratory_id=site.organisation_id,
        timezone=site.timezone,
        code=standard.code,
        role=StandardRole(standard.role),
        level=standard.level,
        needs_calibration=standard.needs_calibration,
        interval_months=standard.interval_months,
        interval_policy=standard.interval_policy,
        custodian_id=standard.custodian_id,
        row_version=standard.row_version,
        name_vi=instrument.name_vi,
        name_en=instrument.name_en,
        serial_number=instrument.serial_number,
        accuracy_class=instrument.accuracy_class,
        kind=instrument.kind,
        states=tuple(states),
        papers=tuple(papers),
        location=instrument.location,
    )
