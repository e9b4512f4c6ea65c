"""What a standard's own calibrations say of its drift: a proposal for the decision on the half-width. Pure.

The half-width is the larger of what the value has changed at most from one calibration to the next, brought to the
interval, and of what the line through all of them changes over the interval. It proposes; a person decides.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal, localcontext
from itertools import pairwise

from calc.errors import CalcError
from standards.drift_facts import Occasion, Series
from standards.drift_series import DAYS_PER_YEAR, fit_series
from standards.formula import PRECISION

_MONTHS_PER_YEAR = 12
_FEWEST_FOR_A_TEST = 3


@dataclass(frozen=True, slots=True)
class DriftProposal:
    """A half-width for one range, from the point of it that moved most, with everything that it rests on.

    `largest` is the largest change between two successive calibrations, found on `from_day` and `to_day`; `scaled` is
    that brought to the interval; `over_interval` what the line changes in it. `significant` is None where there are
    too few values for a test.
    """

    range_id: int
    identifier: str
    at: Decimal | None
    at_unit: str
    half_width: Decimal
    unit: str
    months: int
    count: int
    since: date
    largest: Decimal
    from_day: date
    to_day: date
    scaled: Decimal
    over_interval: Decimal | None
    slope: float | None
    significant: bool | None
    occasions: tuple[Occasion, ...]


def propose(series: Sequence[Series], months: int | None) -> list[DriftProposal]:
    """Return one proposal for each range with two calibrations or more; without an interval a year is taken."""
    found: dict[int, DriftProposal] = {}
    for one in series:
        proposal = _of_series(one, months or _MONTHS_PER_YEAR)
        if proposal is None or one.name is not None:  # a coefficient's drift is none of the value
            continue
        known = found.get(one.range_id)
        if known is None or proposal.half_width > known.half_width:
            found[one.range_id] = proposal
    return list(found.values())


def _of_series(series: Series, months: int) -> DriftProposal | None:
    occasions = series.occasions
    changes = [
        (abs(later.found.value - earlier.left.value), earlier.on, later.on)
        for earlier, later in pairwise(occasions)
        if later.on > earlier.on
    ]
    if not changes:
        return None
    days = Decimal(months) / _MONTHS_PER_YEAR * Decimal(str(DAYS_PER_YEAR))
    with localcontext(prec=PRECISION):
        scaled = [
            (change * max(Decimal(1), days / (end - start).days), change, start, end) for change, start, end in changes
        ]
    highest, largest, start, end = max(scaled, key=lambda item: item[0])
    slope, significant = _line(series)
    over = None if slope is None else Decimal(repr(abs(slope) * months / _MONTHS_PER_YEAR))
    return DriftProposal(
        range_id=series.range_id,
        identifier=series.identifier,
        at=series.at,
        at_unit=series.at_unit,
        half_width=_up(max(highest, over or Decimal(0))),
        unit=series.unit,
        months=months,
        count=len(occasions),
        since=occasions[0].on,
        largest=largest,
        from_day=start,
        to_day=end,
        scaled=highest,
        over_interval=over,
        slope=slope,
        significant=significant,
        occasions=occasions,
    )


def _line(series: Series) -> tuple[float | None, bool | None]:
    """Return the line's slope per year and whether the drift is significant, where there is a line."""
    try:
        fit, _ = fit_series(series)
    except CalcError:  # values that no line goes through, which the largest change still speaks for
        return None, None
    slope = fit.coefficients[1]
    if not math.isfinite(slope):
        return None, None
    tested = fit.test is not None and len(series.occasions) >= _FEWEST_FOR_A_TEST
    return slope, fit.test.significant if fit.test is not None and tested else None


def _up(value: Decimal) -> Decimal:
    """Return a half-width rounded up to two significant digits; zero stays zero."""
    if not value:
        return Decimal(0)
    last = Decimal(1).scaleb(value.adjusted() - 1)
    with localcontext(prec=PRECISION):
        return Decimal(f"{value.quantize(last, rounding=ROUND_CEILING):f}")
