"""The numbers in a certificate's head, by rule: which of registration, designation and accreditation may stand there.

Registration (ĐK) stands on every calibration certificate of a registered body. Designation (N) is for the verification
of group-2 instruments and never stands on a calibration certificate. Accreditation (VILAS) stands there when results
lie within the accredited scope; each result that does not is marked in its row, and a note says what the mark means
(ILAC-P8 on reports with results within and outside the scope).
"""

from __future__ import annotations

from collections.abc import Sequence

from certificates.content import HeadNumber, HeadNumberKind
from lims.calibrations.facts import ReleasedRun
from lims.people.facts import SiteFacts
from lims.procedures.facts import ScopeKind


def head_numbers(site: SiteFacts, runs: Sequence[ReleasedRun]) -> tuple[HeadNumber, ...]:
    """Return the numbers that a calibration certificate over these runs may carry."""
    numbers: list[HeadNumber] = []
    if site.registration_number:
        numbers.append(HeadNumber(HeadNumberKind.REGISTRATION, site.registration_number))
    accreditation = accreditation_number(site, runs)
    if accreditation:
        numbers.append(HeadNumber(HeadNumberKind.ACCREDITATION, accreditation))
    return tuple(numbers)


def accreditation_number(site: SiteFacts, runs: Sequence[ReleasedRun]) -> str | None:
    """Return the accreditation number if some result lies within the accredited scope, all of them under one number.

    Results outside it are marked in their rows then (`has_results_outside`).
    """
    found = {number for run in runs for number in accredited_places(run).values()}
    if len(found) != 1:
        return None
    return site.accreditation_number or found.pop()


def has_results_outside(runs: Sequence[ReleasedRun]) -> bool:
    """Return whether some result lies outside the accredited scope."""
    return any(
        (result.section, result.point) not in places
        for run in runs
        for places in (accredited_places(run),)
        for result in run.results
    )


def accredited_places(run: ReleasedRun) -> dict[tuple[str, str], str]:
    """Return section and point of each result within an accredited scope, with the number it is accredited under."""
    lines = {(entry.section, entry.point): entry.line for entry in run.run.scope}
    results = {(result.section, result.point) for result in run.results if result.in_scope}
    return {
        place: str(line["body_number"])
        for place, line in lines.items()
        if place in results and line["kind"] == ScopeKind.ACCREDITATION
    }
