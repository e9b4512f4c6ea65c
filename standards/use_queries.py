"""What may be used at an instant, and which value it has then: reads for runs, reviews and lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from lims.core.clock import local_date
from lims.core.errors import NotFound, RuleViolation
from standards.calibration_facts import (
    CalibrationChoice,
    CalibrationFacts,
    ContentChoice,
    ContentFacts,
    Interpolation,
    Phase,
    Point,
    ReferenceCorrelation,
    ReferenceValue,
    UseProblem,
)
from standards.calibration_models import CalibrationContent, Standard
from standards.calibration_queries import (
    calibration_facts,
    calibrations_by_id,
    calibrations_of_all,
    chain_facts,
    drifts_of,
)
from standards.chain_rules import rules_for
from standards.curve_points import Span
from standards.facts import (
    DriftFacts,
    InstrumentFacts,
    LegalRegime,
    StandardFacts,
    StandardRole,
    StandardState,
)
from standards.instrument_queries import (
    instruments_by_id,
    load_standards,
    standard_facts,
    standard_rows,
    standards_by_id,
)
from standards.models import Instrument, InstrumentRange
from standards.reference import correlations, reference_value
from standards.traceability import ChainFacts, trace
from standards.validity import (
    ROLES_SERVED,
    standard_problems,
    use_problems,
)


def usable_calibrations(
    session: Session,
    *,
    site_id: int,
    role: StandardRole,
    at: datetime,
    quantity: str | None = None,
    instrument_kind: str | None = None,
    legal_regime: LegalRegime | str = LegalRegime.CALIBRATION,
) -> list[CalibrationChoice]:
    """Return the calibrations of a site that may be used in a role at an instant, traceable ones only, by code.

    Each lists the contents for which it is the latest accepted calibration; `quantity` narrows these.
    """
    serving = [own for own, served in ROLES_SERVED.items() if role in served]
    query = standard_rows().where(Standard.site_id == site_id, Standard.role.in_(serving))
    if instrument_kind:
        query = query.where(Instrument.kind == instrument_kind)
    standards = load_standards(session, query)
    instruments = instruments_by_id(session, {standard.instrument_id for standard in standards})
    calibrations = calibrations_of_all(session, {standard.id for standard in standards})
    chains = chain_facts(session, {item.id for found in calibrations.values() for item in found})
    choices = []
    for standard in standards:
        siblings = calibrations[standard.id]
        for calibration in siblings:
            contents = _usable_contents(standard, calibration, siblings, at, role, LegalRegime(legal_regime), quantity)
            if contents and trace(chains, calibration.id, local_date(at, standard.timezone)).holds:
                choices.append(_choice(standard, calibration, instruments[standard.instrument_id], contents, at))
    return choices


def _usable_contents(
    standard: StandardFacts,
    calibration: CalibrationFacts,
    siblings: Sequence[CalibrationFacts],
    at: datetime,
    role: StandardRole,
    legal_regime: LegalRegime,
    quantity: str | None,
) -> list[ContentFacts]:
    fitting = [
        content
        for content in calibration.contents
        if content.phase is Phase.AS_LEFT and quantity in {None, content.quantity}
    ]
    return [
        content
        for content in fitting
        if not use_problems(
            standard,
            calibration,
            siblings,
            at=at,
            role=role,
            legal_regime=legal_regime,
            range_ids=[content.range_id],
        )
    ]


def usable_without_calibration(
    session: Session, *, site_id: int, role: StandardRole, at: datetime
) -> list[StandardFacts]:
    """Return equipment of a site that needs no calibration and may be used in a role at an instant."""
    query = standard_rows().where(Standard.site_id == site_id, Standard.needs_calibration.is_(False))
    return [
        standard
        for standard in load_standards(session, query)
        if not standard_problems(standard, at=at, role=role, legal_regime=LegalRegime.CALIBRATION)
    ]


def calibration_choice(session: Session, calibration_id: int, *, at: datetime | None = None) -> CalibrationChoice:
    """Return what a run or certificate says of a calibration, whether it may be used or not. Raises NotFound.

    `at` is the instant of use: days left, the limitation and extensions are those of then (default: when recorded).
    """
    return calibration_choices(session, [(calibration_id, at)])[0]


def calibration_choices(session: Session, wanted: Sequence[tuple[int, datetime | None]]) -> list[CalibrationChoice]:
    """Return the same of several calibrations, each at its instant, in as many statements as of one."""
    calibrations = calibrations_by_id(session, {calibration_id for calibration_id, _ in wanted})
    standards = standards_by_id(session, {calibration.standard_id for calibration in calibrations.values()})
    instruments = instruments_by_id(session, {standard.instrument_id for standard in standards.values()})
    found = []
    for calibration_id, at in wanted:
        calibration = calibrations.get(calibration_id)
        if calibration is None:
            raise NotFound("calibration.not_found")
        standard = standards[calibration.standard_id]
        contents = [content for content in calibration.contents if content.phase is Phase.AS_LEFT]
        instrument = instruments[standard.instrument_id]
        found.append(_choice(standard, calibration, instrument, contents, at or calibration.recorded_at))
    return found


def _choice(
    standard: StandardFacts,
    calibration: CalibrationFacts,
    instrument: InstrumentFacts,
    contents: Sequence[ContentFacts],
    at: datetime,
) -> CalibrationChoice:
    day = local_date(at, standard.timezone)
    end = calibration.valid_until_as_known_on(day)
    state = standard.state_at(at)
    return CalibrationChoice(
        standard_id=standard.id,
        standard_code=standard.code,
        role=standard.role,
        name_vi=standard.name_vi,
        name_en=standard.name_en,
        serial_number=standard.serial_number,
        accuracy_class=standard.accuracy_class,
        instrument_id=standard.instrument_id,
        instrument_kind=standard.kind,
        site_id=standard.site_id,
        calibration_id=calibration.id,
        certificate_number=calibration.certificate_number,
        laboratory_id=calibration.laboratory_id,
        laboratory_name_vi=calibration.laboratory_name_vi,
        laboratory_name_en=calibration.laboratory_name_en,
        calibrated_on=calibration.calibrated_on,
        valid_until=end,
        days_left=None if end is None else (end - day).days,
        limitation=state.limitation if state is not None and state.state is StandardState.LIMITED else None,
        contents=tuple(_content_choice(content, instrument) for content in contents),
    )


def _content_choice(content: ContentFacts, instrument: InstrumentFacts) -> ContentChoice:
    address = instrument.range_address(content.range_id)
    if address is None:
        raise NotFound("range.not_found")
    return ContentChoice(
        content_id=content.id,
        range_id=content.range_id,
        part_code=address.part.code,
        part_name_vi=address.part.name_vi,
        part_name_en=address.part.name_en,
        kind=content.kind,
        identifier=content.identifier,
        quantity=content.quantity,
        unit=content.unit,
        nominal=content.nominal,
        value=content.value,
        expanded_uncertainty=content.expanded_uncertainty,
        expanded_uncertainty_unit=content.expanded_uncertainty_unit,
        coverage_factor=content.coverage_factor,
        lower=address.range.lower,
        upper=address.range.upper,
        resolution=address.range.resolution,
        resolution_unit=address.range.resolution_unit,
        range_unit=address.range.unit,
        arguments=tuple(point.argument for point in content.points if point.argument is not None),
        argument_unit=content.argument_unit or content.unit,
        interpolated=content.interpolation == Interpolation.LINEAR,
    )


def check_use(
    session: Session,
    calibration_id: int | None = None,
    *,
    standard_id: int | None = None,
    content_id: int | None = None,
    at: datetime,
    legal_regime: LegalRegime | str = LegalRegime.CALIBRATION,
    role: StandardRole,
) -> list[UseProblem]:
    """Return every reason against using a calibration (or a standard that needs none) at an instant.

    With `content_id` only that content's range is asked about. Raises NotFound for unknown keys.
    """
    if calibration_id is None and standard_id is None:
        raise ValueError("a calibration or a standard is needed")
    if standard_id is None:
        standard_id = calibration_facts(session, calibration_id or 0).standard_id
    question = use_in_question(session, Used(calibration_id, standard_id, content_id))
    return question.problems(at, legal_regime=legal_regime, role=role)


@dataclass(frozen=True, slots=True)
class UseInQuestion:
    """A calibration (or a standard that needs none) with all that is asked when it is used; read once, asked often."""

    standard: StandardFacts
    calibration: CalibrationFacts | None
    siblings: Sequence[CalibrationFacts]
    chains: ChainFacts | None
    range_ids: Sequence[int] | None

    def problems(self, at: datetime, *, legal_regime: LegalRegime | str, role: StandardRole) -> list[UseProblem]:
        """Return every reason against the use at an instant."""
        regime = LegalRegime(legal_regime)
        if self.calibration is None or self.chains is None:
            found = standard_problems(self.standard, at=at, role=role, legal_regime=regime)
            return [*found, UseProblem("use.no_calibration")] if self.standard.needs_calibration else found
        found = use_problems(
            self.standard,
            self.calibration,
            self.siblings,
            at=at,
            role=role,
            legal_regime=regime,
            range_ids=self.range_ids,
        )
        return found + chain_problems(self.chains, self.calibration.id, self.standard, at, regime)


@dataclass(frozen=True, slots=True)
class Used:
    """What a use names: a calibration (None: a standard that needs none), its standard, the content used."""

    calibration_id: int | None
    standard_id: int
    content_id: int | None = None


def use_in_question(session: Session, used: Used) -> UseInQuestion:
    """Read what is asked of a use, whatever the instant. Raises NotFound for unknown keys."""
    return uses_in_question(session, [used])[0]


def uses_in_question(session: Session, uses: Sequence[Used]) -> list[UseInQuestion]:
    """Return the same of several uses, in as many statements as of one."""
    chains = chain_facts(session, {used.calibration_id for used in uses if used.calibration_id is not None})
    siblings = calibrations_of_all(session, {used.standard_id for used in uses if used.calibration_id is not None})
    found = []
    for used in uses:
        if used.calibration_id is None:
            found.append(UseInQuestion(standard_facts(session, used.standard_id), None, (), None, None))
            continue
        calibration = chains.calibrations.get(used.calibration_id)
        if calibration is None:
            raise NotFound("calibration.not_found")
        content = None if used.content_id is None else _content(calibration, used.content_id)
        standard = chains.standards[calibration.standard_id]
        ranges = None if content is None else [content.range_id]
        found.append(UseInQuestion(standard, calibration, siblings[standard.id], chains, ranges))
    return found


def chain_problems(
    chains: ChainFacts,
    calibration_id: int,
    standard: StandardFacts,
    at: datetime,
    legal_regime: LegalRegime = LegalRegime.CALIBRATION,
) -> list[UseProblem]:
    """Return one problem per break above a calibration; its values hold the break's reason and where it is."""
    chain = trace(chains, calibration_id, local_date(at, standard.timezone), rules_for(legal_regime))
    return [UseProblem("use.untraceable", {**item.values, "reason": item.reason}, item.clause) for item in chain.breaks]


def _content(calibration: CalibrationFacts, content_id: int) -> ContentFacts:
    content = calibration.content(content_id)
    if content is None:
        raise NotFound("content.not_found")
    return content


def reference_value_at(
    session: Session,
    calibration_id: int,
    content_id: int | None = None,
    *,
    range_id: int | None = None,
    point: Point | None = None,
    at: datetime,
) -> ReferenceValue:
    """Return a standard's value at a point and an instant, from one calibration: bench and review both use this.

    Either the content is named, or the range, if the calibration says one thing of it as left. Whether it may be used
    then is asked separately (`check_use`). Raises NotFound; RuleViolation reference.* (see standards.reference).
    """
    source = reference_source(session, calibration_id, content_id, range_id=range_id)
    return source.value_at(point, at)


@dataclass(frozen=True, slots=True)
class ReferenceSource:
    """What a calibration says, read once to be asked at many points; `value_at` computes and reads nothing more."""

    calibration: CalibrationFacts
    content: ContentFacts
    drifts: tuple[DriftFacts, ...]
    timezone: str
    span: Span | None = None

    def value_at(self, point: Point | None, at: datetime) -> ReferenceValue:
        """Return the value at a point and an instant. Raises RuleViolation reference.* (see standards.reference)."""
        if point is not None and self.span is not None:
            self.span.check(self.content, point)
        on = local_date(at, self.timezone)
        return reference_value(self.calibration, self.content, point, self.drifts, on)


def reference_source(
    session: Session, calibration_id: int, content_id: int | None = None, *, range_id: int | None = None
) -> ReferenceSource:
    """Return what a calibration says of one content, or of a range if it says one thing of it as left.

    Raises NotFound; RuleViolation reference.ambiguous.
    """
    calibration = calibration_facts(session, calibration_id)
    content = _content(calibration, content_id) if content_id is not None else _only(calibration, range_id)
    standard = standard_facts(session, calibration.standard_id)
    held = session.get(InstrumentRange, content.range_id)
    span = None if held is None else Span(held.lower, held.upper, held.unit)
    return ReferenceSource(calibration, content, tuple(drifts_of(session, standard.id)), standard.timezone, span)


def _only(calibration: CalibrationFacts, range_id: int | None) -> ContentFacts:
    found = [
        content
        for content in calibration.contents
        if content.phase is Phase.AS_LEFT and (range_id is None or content.range_id == range_id)
    ]
    if not found:
        raise NotFound("content.not_found")
    if len(found) > 1:
        raise RuleViolation("reference.ambiguous", clause="ISO/IEC 17025:2017, 6.5.1", count=len(found))
    return found[0]


def reference_correlations(session: Session, content_ids: Sequence[int]) -> list[ReferenceCorrelation]:
    """Return the correlations of contents used together in one run (see standards.reference.correlations)."""
    rows = {key: session.get(CalibrationContent, key) for key in content_ids}
    calibrations = calibrations_by_id(session, {row.calibration_id for row in rows.values() if row is not None})
    by_id = {content.id: content for item in calibrations.values() for content in item.contents}
    missing = [key for key in content_ids if key not in by_id]
    if missing:
        raise NotFound("content.not_found")
    return correlations([by_id[key] for key in dict.fromkeys(content_ids)])
