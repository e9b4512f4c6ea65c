"""What keeps a batch from being submitted: what its items share once, what is each item's own in few lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from lims.calibrations import queries
from lims.calibrations.batch_facts import BatchItem
from lims.calibrations.batch_grid import cell_key
from lims.calibrations.batch_material import BatchMaterial, RunResult
from lims.calibrations.batch_workflow import is_shared
from lims.calibrations.facts import CONDITIONS, Address, ExclusionKind, Phase, RunState
from lims.calibrations.gathering import RunMaterial
from lims.calibrations.standing import phases_of, sheet, standing
from lims.calibrations.workflow import CLAUSE_DATA, CLAUSE_RECORDS, Problem, Step, problems

FEW: Final = 12
"""Up to how many items are told of one by one."""


def shared_problems(
    session: Session, material: BatchMaterial, results: Mapping[int, RunResult], *, now: datetime
) -> tuple[Problem, ...]:
    """Return what keeps all items back: equipment, conditions, who measured; a number of statements that items
    do not change.
    """
    drafts = [entry for entry in material.runs if entry.run.state is RunState.DRAFT]
    if not drafts:
        return ()
    every = {reading.id: reading for entry in drafts for reading in entry.readings}
    merged = replace(drafts[0], readings=tuple(every.values()), exclusions=(), adjustments=())
    faults = {(fault.use_id, fault.code): fault for result in results.values() for fault in result.gathered.faults}
    found = standing(session, merged, now=now, faults=tuple(faults.values()))
    of_all = replace(
        found, missing=(), item_state=None, waits_for_answer=False, adjustment_wanted=False, stale_as_left=0
    )
    return problems(of_all)


def ready_runs(material: BatchMaterial, shared: Iterable[Problem]) -> frozenset[int]:
    """Return the drafts that may be submitted as far as their cells and what they share tell."""
    if any(problem.blocks is Step.SUBMIT for problem in shared):
        return frozenset()
    drafts = (entry for entry in material.runs if entry.run.state is RunState.DRAFT)
    return frozenset(entry.run.id for entry in drafts if not any(True for _cell in _empty(entry)))


def item_problems(
    material: BatchMaterial, items: Mapping[int, BatchItem], results: Mapping[int, RunResult] | None = None
) -> tuple[Problem, ...]:
    """Return what keeps single items back: readings that are missing, a result that cannot be calculated."""
    drafts = [entry for entry in material.runs if entry.run.state is RunState.DRAFT]
    if not drafts:
        return ()
    empty = {entry.run.id: tuple(_empty(entry)) for entry in drafts}
    found = list(_shared_missing(drafts[0], empty))
    own = {
        run_id: [a for a in addresses if not is_shared(drafts[0].definition, a)] for run_id, addresses in empty.items()
    }
    found += _own_missing(own, items)
    if results is not None:
        found += _failing([entry for entry in drafts if not empty[entry.run.id]], items, results)
    return tuple(found)


def _empty(material: RunMaterial) -> Iterable[Address]:
    """Yield the cells of a run that wait for a reading."""
    filled = {reading.address for reading in material.current if reading.excluded != ExclusionKind.WITHDRAWN}
    left_out = queries.points_left_out(material.exclusions)
    for phase in phases_of(material):
        for section in material.definition.sections:
            for address in sheet(material, section, phase):
                if address not in filled and (section.code, address.point, phase) not in left_out:
                    yield address


def _shared_missing(first: RunMaterial, empty: Mapping[int, tuple[Address, ...]]) -> Iterable[Problem]:
    missing = dict.fromkeys(
        address
        for addresses in empty.values()
        for address in addresses
        if address.section != CONDITIONS and is_shared(first.definition, address)
    )
    if missing:
        yield _missing("batch.standard_missing", cell_key(None, next(iter(missing))), count=len(missing))


def _own_missing(own: Mapping[int, list[Address]], items: Mapping[int, BatchItem]) -> Iterable[Problem]:
    lacking = {run_id: addresses for run_id, addresses in own.items() if addresses}
    if len(lacking) > FEW:
        run_id, addresses = next(iter(lacking.items()))
        total = sum(len(entry) for entry in lacking.values())
        yield _missing("batch.readings_missing_in", _anchor(run_id, addresses[0]), count=total, items=len(lacking))
        return
    for run_id, addresses in lacking.items():
        code = "batch.readings_missing" if addresses[0].phase == Phase.AS_FOUND else "batch.as_left_missing"
        yield _missing(code, _anchor(run_id, addresses[0]), count=len(addresses), item=items[run_id].words)


def _anchor(run_id: int, address: Address) -> str:
    return cell_key(run_id, address) if address.phase == Phase.AS_FOUND else f"item-{run_id}"


def _missing(code: str, key: str, **values: object) -> Problem:
    anchor = key if key.startswith("item-") else f"field-{key}"
    return Problem(code, Step.SUBMIT, anchor, CLAUSE_RECORDS, values)


def _failing(
    complete: Iterable[RunMaterial], items: Mapping[int, BatchItem], results: Mapping[int, RunResult]
) -> Iterable[Problem]:
    for entry in complete:
        failures = results[entry.run.id].view.failures
        if failures:
            first = failures[0]
            named = {"item": items[entry.run.id].words}
            detail = {"point": first.point, **first.values}
            anchor = f"item-{entry.run.id}"
            yield Problem("batch.evaluation_fails", Step.SUBMIT, anchor, CLAUSE_DATA, named, first.code, detail)
