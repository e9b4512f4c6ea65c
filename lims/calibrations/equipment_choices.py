"""The slots of a run or batch on its page: what is chosen, and what may be chosen now, what fits before the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from lims.calibrations.choice_rules import Limits, limits_of, serves_conditions, serves_points, uses_slot
from lims.calibrations.facts import EquipmentUseFacts, RunFacts, RunState
from lims.calibrations.gathering import RunMaterial
from lims.calibrations.standing import condition_ranges
from lims.core.clock import local_date
from lims.procedures.definition_facts import EquipmentRole, EquipmentSlot, MeasuringPoint
from standards import queries as standards
from standards.calibration_facts import CalibrationChoice, ContentChoice, ContentKind
from standards.facts import LegalRegime, StandardRole


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """A calibration that may be taken into a slot now; `value` is what the form sends.

    `content` is what is taken of it, where that must be said. `fits` False: it may be used, but not alone, or it is
    not what one looks for; these come last.
    """

    value: str
    code: str
    name_vi: str
    name_en: str
    certificate: str
    days_left: int | None
    fits: bool = True
    content: ContentChoice | None = None


@dataclass(frozen=True, slots=True)
class UseView:
    """A chosen standard with its days left and whether its chain reaches a terminal."""

    use: EquipmentUseFacts
    days_left: int | None
    traceable: bool | None


@dataclass(frozen=True, slots=True)
class SlotView:
    """A slot of the procedure with what is chosen and what may be."""

    slot: EquipmentSlot
    uses: tuple[UseView, ...]
    choices: tuple[ChoiceView, ...]
    open: bool

    @property
    def settled(self) -> bool:
        """Return whether nothing has to be done here: what is needed is chosen, valid and traceable."""
        held = any(use.traceable is False or (use.days_left is not None and use.days_left < 0) for use in self.uses)
        return not held and bool(self.uses or not self.slot.required)

    @property
    def groups(self) -> tuple[tuple[bool, tuple[ChoiceView, ...]], ...]:
        """Return what fits, and after it what does not; no empty ones."""
        parted = ((fits, tuple(entry for entry in self.choices if entry.fits is fits)) for fits in (True, False))
        return tuple((fits, entries) for fits, entries in parted if entries)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a slot is asked for: the points of the sections that use it, the limits of the conditions it measures."""

    slot: EquipmentSlot
    points: tuple[MeasuringPoint, ...]
    limits: tuple[Limits, ...]

    def is_met_by(self, choice: CalibrationChoice, content: ContentChoice | None) -> bool:
        """Return whether a choice serves alone."""
        if self.slot.role is EquipmentRole.REFERENCE:
            return content is None or serves_points(content, self.points)
        if self.slot.role is EquipmentRole.INFLUENCE:
            return serves_conditions(choice.role, choice.contents, self.limits)
        return True


def slots_of(session: Session, materials: Sequence[RunMaterial], now: datetime) -> Iterator[SlotView]:
    """Yield the slots of the procedure with what is chosen, and what may be while something is missing.

    Of a batch `materials` are its runs: the first shows what is chosen, all say which points are to be covered.
    """
    material = materials[0]
    run = material.run
    # What was handed in is shown as it stood when it was measured.
    used_at = run.ended_at if run.state is not RunState.DRAFT and run.ended_at is not None else now
    today = local_date(used_at, run.timezone)
    for slot in material.definition.equipment:
        uses = []
        for use in material.uses:
            if use.slot == slot.slot:
                left = None if use.valid_until is None else (use.valid_until - today).days
                holds = None
                if use.calibration_id is not None:
                    holds = standards.traceability_chain(session, use.calibration_id, today).holds
                uses.append(UseView(use, left, holds))
        wanted = run.state is RunState.DRAFT and len(uses) < slot.maximum
        choices: list[ChoiceView] = []
        if wanted:
            taken = {(entry.use.standard_id, entry.use.content_id) for entry in uses}
            asked = _Wanted(slot, _points(materials, slot), limits_of(slot, condition_ranges(material)))
            choices += _calibrated(session, run, asked, taken, now)
            choices += _uncalibrated(session, run, slot, taken, now)
        # The sort is stable: within what fits, and within what does not, the order of the codes stays.
        yield SlotView(slot, tuple(uses), tuple(sorted(choices, key=lambda entry: not entry.fits)), wanted)


def _points(materials: Sequence[RunMaterial], slot: EquipmentSlot) -> tuple[MeasuringPoint, ...]:
    found = (
        point
        for material in materials
        for section in material.definition.sections
        if uses_slot(section, slot.slot)
        for point in material.points_of(section)
    )
    return tuple({(point.nominal, point.unit): point for point in found}.values())


def _calibrated(
    session: Session, run: RunFacts, wanted: _Wanted, taken: set[tuple[int, int | None]], now: datetime
) -> Iterator[ChoiceView]:
    """Yield what may be chosen at this instant: only calibrations that pass every check."""
    slot, role = wanted.slot, StandardRole(wanted.slot.role)
    usable = standards.usable_calibrations(
        session,
        site_id=run.site_id,
        role=role,
        at=now,
        quantity=None if wanted.limits else slot.quantity,
        legal_regime=LegalRegime(run.legal_regime),
    )
    for choice in usable:
        if role is StandardRole.AUXILIARY and choice.role is not StandardRole.AUXILIARY:
            continue  # the rules allow it, but nobody takes a weight for a comparator
        fitting = [entry for entry in choice.contents if entry.quantity == slot.quantity]
        if not fitting:
            continue
        for content in _taken_apart(fitting) if slot.role is EquipmentRole.REFERENCE else [None]:
            content_id = None if content is None else content.content_id
            if (choice.standard_id, content_id) in taken:
                continue
            yield ChoiceView(
                value=f"{choice.standard_id}:{choice.calibration_id}:{content_id or ''}",
                code=choice.standard_code,
                name_vi=choice.name_vi,
                name_en=choice.name("en"),
                certificate=choice.certificate_number,
                days_left=choice.days_left,
                fits=wanted.is_met_by(choice, content),
                content=content if content is not None and _must_be_said(content, fitting) else None,
            )


def _taken_apart(contents: Sequence[ContentChoice]) -> Sequence[ContentChoice]:
    """Return what is chosen one by one: the elements, or else the ranges that a value is taken from."""
    elements = [entry for entry in contents if entry.kind is ContentKind.ELEMENT]
    return elements or [entry for entry in contents if entry.kind is not ContentKind.CHARACTERISTIC] or contents


def _must_be_said(content: ContentChoice, among: Sequence[ContentChoice]) -> bool:
    return content.kind is ContentKind.ELEMENT or len(among) > 1


def _uncalibrated(
    session: Session, run: RunFacts, slot: EquipmentSlot, taken: set[tuple[int, int | None]], now: datetime
) -> Iterator[ChoiceView]:
    """Yield the equipment that needs no calibration; what has to do with another quantity does not fit."""
    role = StandardRole(slot.role)
    if role is StandardRole.REFERENCE:
        return
    found = standards.usable_without_calibration(session, site_id=run.site_id, role=role, at=now)
    instruments = standards.instruments_by_id(session, {entry.instrument_id for entry in found})
    for standard in found:
        if (standard.id, None) in taken:
            continue
        quantities = {place.function.quantity for place in instruments[standard.instrument_id].ranges()}
        fits = not quantities or slot.quantity in quantities
        yield ChoiceView(f"{standard.id}::", standard.code, standard.name_vi, standard.name("en"), "", None, fits)
