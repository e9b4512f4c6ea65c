"""Words for what curves, fits, Monte Carlo, comparisons and cases of the calculation refuse: codes of `calc.errors`."""

from __future__ import annotations

from typing import Final

from lims.core.marks import N_

MESSAGES: Final[dict[str, str]] = {
    "quantity.parameter_mismatch": N_(
        "%(name)s: %(value)s is not what the parameters of the probability distribution give, which is %(expected)s."
    ),
    "quantity.accuracy": N_("%(name)s: “%(text)s” is not understood in a statement of accuracy."),
    "inputs.missing_curve": N_("Nothing is given for the calibration curve %(name)s."),
    "inputs.unknown_curve": N_("There is no calibration curve %(name)s here."),
    "inputs.not_a_curve": N_("%(name)s: %(value)s is no calibration curve."),
    "inputs.shape": N_(
        "The values of one input must be one number or a row as long as the others: %(expected)s, not %(count)s."
    ),
    "inputs.count": N_("The model has %(expected)s inputs, but %(count)s numbers are given."),
    "correlation.shared_variance": N_(
        "%(name)s and %(other)s cannot share a variance of %(value)s: at most %(limit)s is possible."
    ),
    "correlation.covariance_shape": N_(
        "%(name)s: %(count)s values, %(count)s units and a covariance matrix of %(count)s rows and columns are needed."
    ),
    "correlation.not_symmetric": N_("%(name)s: the covariance matrix is not symmetric."),
    "correlation.unattainable": N_(
        "With their probability distributions %(name)s and %(other)s cannot have the correlation coefficient %(value)s."
    ),
    "correlation.no_variance": N_(
        "%(name)s and %(other)s: a correlation coefficient needs more than 2 degrees of freedom of each."
    ),
    "propagation.no_second_order": N_(
        "%(output)s: the terms of second order have no usable value at point %(point)s; propagate "
        "distributions instead."
    ),
    "monte_carlo.trials": N_(
        "For the coverage probability %(probability)s the Monte Carlo method needs at least %(needed)s "
        "trials, not %(value)s."
    ),
    "monte_carlo.threads": N_("The number of threads is a whole number from 1 upward, not %(value)s."),
    "monte_carlo.digits": N_("A numerical tolerance rests on 1 to 4 significant digits, not %(value)s."),
    "monte_carlo.outside_domain": N_(
        "The formula has no finite value in %(count)s of %(trials)s trials of the Monte Carlo method; these "
        "had %(region)s."
    ),
    "monte_carlo.not_converged": N_(
        "After %(count)s trials the Monte Carlo method has not settled: stable to %(value)s, not to %(expected)s."
    ),
    "monte_carlo.no_interval": N_(
        "The Monte Carlo result has no coverage interval of this kind for the coverage probability %(value)s."
    ),
    "risk.two_limits": N_("%(name)s: both limits are needed."),
    "risk.unattainable": N_("%(name)s: nothing meets the wanted probability %(value)s."),
    "history.lengths": N_("%(name)s: %(count)s values where %(expected)s are expected."),
    "history.too_many": N_("%(name)s: %(count)s are more than the %(limit)s that can be handled."),
    "history.undetermined": N_("%(name)s: the history does not determine %(field)s."),
    "reporting.text": N_("“%(value)s” does not state a number with its uncertainty."),
    "reporting.probability": N_(
        "U for the coverage probability %(value)s cannot be held against a capability for %(expected)s."
    ),
    "case.schema": N_("Schema %(value)s is not known; a file of cases states schema = 1."),
    "case.none": N_("The file holds no case."),
    "case.missing_field": N_("%(field)s is missing."),
    "case.wrong_type": N_("%(field)s must be %(expected)s, not %(value)s."),
    "case.not_finite": N_("%(field)s must be a finite number, not %(value)s."),
    "case.too_large": N_("%(field)s is beyond what can be handled (%(limit)s): %(value)s."),
    "case.out_of_range": N_("%(field)s must lie between %(lower)s and %(upper)s, not at %(value)s."),
    "case.not_one_of": N_("%(field)s must be one of %(allowed)s, not %(value)s."),
    "case.too_few": N_("%(field)s: %(count)s given, at least %(needed)s needed."),
    "case.lengths": N_("%(field)s has %(count)s entries where %(other)s has %(expected)s."),
    "case.duplicate": N_("%(field)s: “%(value)s” stands here a second time."),
    "case.conflict": N_("%(field)s cannot be given together with %(other)s."),
    "case.unknown_field": N_("%(field)s is not known here. Was %(nearest)s meant?"),
    "case.unknown_kind": N_("There is no kind of case “%(value)s”. There are: %(allowed)s."),
    "case.unknown_what": N_("%(field)s: this kind of case does not give “%(value)s”."),
    "case.unknown_name": N_("%(field)s names “%(value)s”, which the case does not have."),
    "case.method": N_("%(field)s: the method %(method)s does not state “%(value)s”."),
    "case.relative_to_zero": N_("%(field)s: nothing can be stated relative to a value of 0."),
    "case.no_number": N_("%(field)s: the calculation gave no number."),
    "case.data_file": N_("The data file %(value)s cannot be read."),
    "case.data_outside": N_("The data file %(value)s does not lie in the folder of the file that names it."),
    "case.data_columns": N_("The data file %(value)s has no column %(name)s; it has: %(allowed)s."),
    "case.data_number": N_("Row %(row)s, column %(name)s of the data file: %(value)s is not a finite number."),
    "curve.range": N_("%(name)s: %(lower)s to %(upper)s is not a range."),
    "curve.justification": N_("%(name)s: use beyond the certified range needs a wider range and a reason in words."),
    "curve.outside": N_("%(name)s: %(value)s lies outside the certified range from %(lower)s to %(upper)s."),
    "curve.between_points": N_("%(name)s: %(value)s lies between certified points, and no interpolation is declared."),
    "curve.no_solution": N_("%(name)s: nothing within the certified range gives %(value)s."),
    "curve.several_solutions": N_("%(name)s: %(count)s places of the certified range give %(value)s."),
    "curve.flat": N_(
        "%(name)s: the curve neither rises nor falls where it gives %(value)s, so it cannot be used inversely there."
    ),
    "curve.too_few_points": N_("%(name)s: %(count)s points where at least %(needed)s are needed."),
    "curve.point_count": N_("%(name)s: %(field)s has %(count)s values for %(needed)s points."),
    "curve.equal_arguments": N_("%(name)s: the points do not differ enough at %(value)s to determine the curve."),
    "curve.exact_point": N_("%(name)s: point %(point)s has no standard uncertainty."),
    "curve.covariance": N_(
        "%(name)s: %(field)s cannot be used as covariances: the matrix must be square and symmetric, and its "
        "correlations must not contradict each other."
    ),
    "curve.method": N_("%(name)s: “%(value)s” is no way to do this (%(field)s)."),
    "curve.kind": N_("There is no curve of the kind “%(value)s”."),
    "regression.dependent": N_("%(name)s: what it would add to the fit follows from what is there already."),
    "regression.lengths": N_("%(name)s: %(count)s values where there are %(expected)s."),
    "regression.criterion": N_(
        "%(name)s: the criterion “%(value)s” needs the standard uncertainties of the responses."
    ),
    "regression.no_degree": N_("%(name)s: no polynomial up to degree %(limit)s agrees with the points."),
    "reduction.pattern": N_("Cycle %(cycle)s was not read in the order %(expected)s."),
    "reduction.pair_count": N_("Cycle %(cycle)s needs one reading of the standard and one of the item."),
}
