"""The blueprint of standards and what its pages share."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint

from calc.units import display_unit
from lims.core import messages
from lims.core.web import FormState
from standards.calibration_facts import UseProblem

bp = Blueprint("standards", __name__)


@bp.app_template_filter("unit_symbol")
def unit_symbol(unit: str | None) -> str:
    """Return a unit as a reader writes it: °C for degC, nothing for 1."""
    return "" if unit is None else display_unit(unit)


@bp.app_template_global("label_options")
def label_options(group: str, codes: Iterable[str]) -> list[tuple[str, str]]:
    """Return codes with their words for a choice in a form, in the order of the words."""
    options = [(str(code), messages.label(str(code), group)) for code in codes]
    return sorted(options, key=lambda option: option[1].casefold())


@bp.app_template_filter("problem_words")
def problem_words(problem: UseProblem) -> str:
    """Return in words why something may not be used."""
    return messages.message(problem.code, problem.values)


def empty_form(**values: object) -> FormState:
    """Return a form with these values for a part of a page where nothing was refused."""
    return FormState.of(values)


def key_of(text: str) -> int | None:
    """Return the key that an address names, or None if it is no whole number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
