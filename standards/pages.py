"""The blueprint of standards and what its pages share."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from decimal import Decimal, localcontext
from typing import Final

from flask import Blueprint

from calc.units import display_unit
from lims.core import messages
from lims.core.errors import StaleRecord
from lims.core.formats import number
from lims.core.web import FormState
from standards.calibration_facts import UseProblem
from standards.chain_picture import Box
from standards.dcc_facts import FindingFacts
from standards.facts import StandardFacts

bp = Blueprint("standards", __name__)
_PRECISION: Final = 60


@bp.app_template_filter("unit_symbol")
def unit_symbol(unit: str | None) -> str:
    """Return a unit as a reader writes it: °C for degC, nothing for 1."""
    return "" if unit is None else display_unit(unit)


@bp.app_template_filter("from_json")
def from_json(text: str) -> dict[str, str]:
    """Return the names and texts of a small JSON object."""
    found: dict[str, str] = json.loads(text)
    return found


@bp.app_template_filter("beside")
def beside(value: Decimal, uncertainty: Decimal) -> str:
    """Return a value to the last place of its uncertainty's two significant digits, in the reader's way."""
    if not uncertainty:
        return number(value)
    last = Decimal(1).scaleb(uncertainty.adjusted() - 1)
    return number(_to(value, last))


@bp.app_template_filter("rounded")
def rounded(value: Decimal | None, decimals: int) -> str:
    """Return a number with some decimals in the reader's way, a dash for none."""
    return "–" if value is None else number(_to(value, Decimal(1).scaleb(-decimals)))


def _to(value: Decimal, last: Decimal) -> Decimal:
    with localcontext(prec=_PRECISION):
        found = value.quantize(last) if last < 1 else (value / last).quantize(Decimal(1)) * last
    return Decimal(f"{found:f}")


@bp.app_template_global("label_options")
def label_options(group: str, codes: Iterable[str]) -> list[tuple[str, str]]:
    """Return codes with their words for a choice in a form, in the order of the words."""
    options = [(str(code), messages.label(str(code), group)) for code in codes]
    return sorted(options, key=lambda option: option[1].casefold())


@bp.app_template_filter("problem_words")
def problem_words(problem: UseProblem | FindingFacts) -> str:
    """Return in words why something may not be used, or what was noticed."""
    return messages.message(problem.code, problem.values)


@bp.app_template_global("chain_row")
def chain_row(box: Box) -> str:
    """Return the address, on its own page, of a box's row in the table beside the picture."""
    return f"#row-{re.sub(r'[^a-z0-9]+', '-', box.key.casefold())}"


def empty_form(**values: object) -> FormState:
    """Return a form with these values for a part of a page where nothing was refused."""
    return FormState.of(values)


def version_seen(form: FormState, standard: StandardFacts) -> str:
    """Return the version of a standard that a form was opened with: its own until its reader was told of a newer."""
    given = form.text("row_version")
    return given if given and not isinstance(form.problem, StaleRecord) else str(standard.row_version)


def key_of(text: str) -> int | None:
    """Return the key that an address names, or None if it is no whole number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
