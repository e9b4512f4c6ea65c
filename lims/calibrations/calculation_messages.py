"""Words for what the calculation refuses at a point: one for every code of `calc.errors`.

The faults of a formula read as they do where a procedure is written (`lims.procedures.messages`).
"""

from __future__ import annotations

from typing import Final

import calc.errors
from lims.core.marks import N_
from lims.procedures import messages as procedure_messages

_FORMULA: Final = {
    code: words
    for code in calc.errors.ENGLISH
    if (words := procedure_messages.MESSAGES.get(f"definition.{code}")) is not None
}

MESSAGES: Final[dict[str, str]] = {
    **_FORMULA,
    "model.no_outputs": N_("The model gives no result: it has no output."),
    "model.division_by_zero": N_("The formula divides by zero at this point."),
    "model.outside_domain": N_("The formula has no value at this point."),
    "model.not_differentiable": N_("The formula has no sensitivity coefficient for %(name)s at this point."),
    # input quantities
    "quantity.not_a_number": N_("%(name)s: %(value)s is not a number."),
    "quantity.not_finite": N_("%(name)s: %(value)s is not a finite number."),
    "quantity.negative": N_("%(name)s: %(value)s must not be negative."),
    "quantity.not_positive": N_("%(name)s: %(value)s must be greater than 0."),
    "quantity.out_of_range": N_("%(name)s: %(value)s must lie between %(lower)s and %(upper)s."),
    "quantity.degrees_of_freedom": N_("%(name)s: degrees of freedom are at least 1, not %(value)s."),
    "quantity.unnamed": N_("An input quantity has no name."),
    "quantity.duplicate": N_("%(name)s is given more than once."),
    "quantity.too_few_readings": N_("%(count)s readings where at least %(needed)s are needed."),
    "quantity.too_large": N_("%(name)s: %(value)s is larger than what can be calculated with."),
    "quantity.unknown_distribution": N_("%(name)s: there is no probability distribution “%(value)s”."),
    "quantity.parameter_missing": N_("%(name)s: the probability distribution is not fully described."),
    "quantity.parameter_unknown": N_(
        "%(name)s: the probability distribution is described by something it does not have."
    ),
    "inputs.no_points": N_("There is no point to evaluate."),
    "inputs.missing_symbol": N_("Nothing is given for the input quantity %(name)s."),
    "inputs.unknown_symbol": N_("The model has no input quantity %(name)s."),
    "inputs.unknown_quantity": N_("A correlation names %(name)s, which is no input quantity here."),
    "unit.missing": N_("%(name)s: the unit is missing."),
    "unit.point_and_difference": N_("%(name)s: a temperature cannot be used where a temperature difference is meant."),
    # correlations
    "correlation.out_of_range": N_(
        "The correlation coefficient of %(name)s and %(other)s is %(value)s; it lies between −1 and 1."
    ),
    "correlation.itself": N_("%(name)s has the correlation coefficient 1 with itself, not %(value)s."),
    "correlation.duplicate": N_("The correlation coefficient of %(name)s and %(other)s is given more than once."),
    "correlation.not_positive_semidefinite": N_("The correlations of the standards contradict each other."),
    # reductions
    "reduction.unknown": N_("There is no way “%(name)s” to sum up readings."),
    "reduction.incomplete_cycle": N_(
        "Cycle %(cycle)s is not complete: %(standards)s of 2 readings of the standard, %(items)s of 2 of the item."
    ),
    "reduction.order": N_("Cycle %(cycle)s is not in the order standard, item, item, standard."),
    "reduction.missing": N_("Readings are missing."),
    "reduction.unpaired": N_("Cycle %(cycle)s lacks its counterpart."),
    # results
    "coverage.probability": N_("A coverage probability lies between 0 and 1, not at %(value)s."),
    "coverage.factor": N_("A coverage factor is greater than 0, not %(value)s."),
    "conformity.no_limit": N_("%(name)s: conformity needs at least one limit."),
    "conformity.limits": N_("%(name)s: the lower limit %(lower)s lies above the upper limit %(upper)s."),
    "rounding.digits": N_("An uncertainty is reported with one or two significant digits, not %(value)s."),
    "rounding.language": N_("Numbers are written for Vietnamese or English readers, not for “%(value)s”."),
    "rounding.text": N_("“%(value)s” is not a decimal number."),
    "evaluation.seed": N_("The seed of the random numbers is a whole number from 0 upward, not %(value)s."),
    "solver.not_converged": N_("The calculation for %(name)s came to no end within %(count)s steps."),
    # stored records
    "record.not_a_number": N_("The stored %(name)s holds %(value)s, which is not a number."),
    "record.unknown_field": N_("The stored %(name)s holds something unknown: %(field)s."),
    "record.missing_field": N_("The stored %(name)s lacks %(field)s."),
    "record.wrong_type": N_("The stored %(name)s holds %(value)s, which is not of the sort %(expected)s."),
    "record.result_shape": N_("The two results do not give the same quantities."),
}
