"""The numbers in a certificate's head, by rule: which of registration, designation and accreditation may stand there.

Registration (ĐK) stands on every calibration certificate of a registered body. Designation (N) is for the verification
of group-2 instruments and never stands on a calibration certificate. Accreditation (VILAS) stands there only when
every result lies within the accredited scope.
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
    """Return the accreditation number if every result lies within the accredited scope under one number, else None."""
    found: set[str] = set()
    for run in runs:
        lines = {(entry.section, entry.point): entry.line for entry in run.run.scope}
        if not run.results:
            return None
        for result in run.results:
            line = lines.get((result.section, result.point))
            if not result.in_scope or line is None or line["kind"] != ScopeKind.ACCREDITATION:
                return None
            found.add(str(line["body_number"]))
    if len(found) != 1:
        return None
    return site.accreditation_number or found.pop()
