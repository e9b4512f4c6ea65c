"""The rules of a batch: what its items share, which items fit together, when it may be written to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from lims.calibrations.batch_facts import BatchFacts
from lims.calibrations.facts import CONDITIONS, Address, Phase, ReadingRole, RunFacts, RunState
from lims.calibrations.workflow import CLAUSE_AMENDMENTS, CLAUSE_METHOD, CLAUSE_RECORDS
from lims.core.errors import RuleViolation
from lims.jobs.facts import JobItemFacts, points_from_json, points_to_json
from lims.procedures.definition_facts import Definition, LayoutKind, Section
from lims.procedures.definition_facts import ReadingRole as LayoutRole

LARGEST: Final = 400
"""How many items a batch may hold."""


def is_shared(definition: Definition, address: Address) -> bool:
    """Return whether a batch reads a cell once for all its items.

    The conditions and influence quantities always; the standard where the items are read beside it. Where only the
    standard is read (a gauge set on its own mark), or each item is substituted for it, it is read for each item. What
    is measured after an adjustment is the run's own.
    """
    if address.phase != Phase.AS_FOUND:
        return False
    if address.section == CONDITIONS or address.role == ReadingRole.INFLUENCE:
        return True
    if address.role != ReadingRole.STANDARD:
        return False
    return any(section.code == address.section and shares_standard(section) for section in definition.sections)


def shares_standard(section: Section) -> bool:
    """Return whether one indication of the standard stands for all items of a batch in a section."""
    kind, roles = section.layout.kind, section.layout.roles
    if kind is LayoutKind.PAIRED:
        return True
    return kind is not LayoutKind.ABBA and {LayoutRole.STANDARD, LayoutRole.ITEM} <= set(roles)


def check_not_in_batch(batch_number: str | None) -> None:
    """Refuse to write, through one run, what its batch shares: readings, equipment. Raises RuleViolation."""
    if batch_number is not None:
        raise RuleViolation("batch.written_there", clause=CLAUSE_RECORDS, batch=batch_number)


def check_fit(items: Sequence[JobItemFacts], first: RunFacts | JobItemFacts, definition: Definition) -> None:
    """Refuse items that cannot be measured together: another procedure version, site, place, regime, other points.

    `first` is the run or item that they are held against. Raises RuleViolation naming the item.
    """
    wanted = _points_of(definition, first)
    for item in items:
        name = f"{item.job_number}/{item.position}"
        if item.procedure_version_id != first.procedure_version_id:
            raise RuleViolation("batch.other_procedure", clause=CLAUSE_METHOD, item=name)
        if item.site_id != first.site_id:
            raise RuleViolation("batch.other_site", clause=CLAUSE_METHOD, item=name)
        if str(item.location_kind) != str(first.location_kind):
            raise RuleViolation("batch.other_place", clause=CLAUSE_METHOD, item=name)
        if str(item.legal_regime) != str(first.legal_regime):
            raise RuleViolation("batch.other_regime", clause=CLAUSE_METHOD, item=name)
        if _points_of(definition, item) != wanted:
            raise RuleViolation("batch.other_points", clause=CLAUSE_METHOD, item=name)


def _points_of(definition: Definition, of: RunFacts | JobItemFacts) -> list[tuple[str, str, str, str]]:
    """Return what is measured in each section: code, nominal value and unit of its points, in their order."""
    text = of.points if isinstance(of, RunFacts) else points_to_json(of.points)
    agreed = {entry.section: entry.points for entry in points_from_json(text)}
    return [
        (section.code, point.code, f"{point.nominal.normalize():f}", point.unit)
        for section in definition.sections
        for point in agreed.get(section.code, ()) or section.points
    ]


def check_items(ids: Sequence[int], present: Iterable[int | None] = ()) -> None:
    """Refuse an item twice, a batch of none, and one too large to be measured together. Raises RuleViolation."""
    every = [*ids, *(entry for entry in present if entry is not None)]
    if not ids:
        raise RuleViolation("batch.no_items", clause=CLAUSE_METHOD)
    if len(set(every)) != len(every):
        raise RuleViolation("batch.item_twice", clause=CLAUSE_METHOD)
    if len(every) > LARGEST:
        raise RuleViolation("batch.too_large", clause=CLAUSE_METHOD, maximum=LARGEST)


def check_writable(batch: BatchFacts) -> None:
    """Refuse to write what is shared once a result that rests on it was handed in; it names the runs.

    A released run stays as it is; one that waits for review or release may be returned first. Raises RuleViolation.
    """
    if not batch.living:
        raise RuleViolation("batch.empty", clause=CLAUSE_AMENDMENTS, number=batch.number)
    released = [run.number for run in batch.living if run.state is RunState.RELEASED]
    if released:
        raise RuleViolation("batch.run_released", clause=CLAUSE_AMENDMENTS, runs=_few(released), count=len(released))
    handed_in = [run.number for run in batch.living if run.state is not RunState.DRAFT]
    if handed_in:
        raise RuleViolation("batch.run_handed_in", clause=CLAUSE_AMENDMENTS, runs=_few(handed_in), count=len(handed_in))


def check_joinable(batch: BatchFacts, *, standard_read: bool) -> None:
    """Refuse a further item once the standard was read: it was not measured with the others. Raises RuleViolation."""
    check_writable(batch)
    if standard_read:
        raise RuleViolation("batch.standard_read", clause=CLAUSE_RECORDS, number=batch.number)


def _few(numbers: Sequence[str]) -> str:
    """Return some numbers in words; the first of many stand for them."""
    shown = ", ".join(numbers[:5])
    return shown if len(numbers) <= 5 else f"{shown} …"
