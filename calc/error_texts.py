"""Every error code of the calculation core with a plain English line, and the clause that asks for the rule."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_GUM_G4 = "JCGM 100:2008, G.4"
_GUM_522 = "JCGM 100:2008, 5.2.2"
_GUM_411 = "JCGM 100:2008, 4.1.1"  # the outputs follow from the inputs by a relationship f
_GUM_412 = "JCGM 100:2008, 4.1.2"  # an f too involved to be written down is one of further quantities, or an algorithm

ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        # quantities and evaluations
        "quantity.not_a_number": "{name}: {field} must be a number, not {value}",
        "quantity.not_finite": "{name}: {field} must be finite, not {value}",
        "quantity.negative": "{name}: {field} must not be negative, not {value}",
        "quantity.not_positive": "{name}: {field} must be greater than 0, not {value}",
        "quantity.out_of_range": "{name}: {field} must lie between {lower} and {upper}, not {value}",
        "quantity.degrees_of_freedom": "{name}: degrees of freedom must be at least 1, not {value}",
        "quantity.unnamed": "a {field} needs a name",
        "quantity.duplicate": "{name}: there is more than one {field} of this name",
        "quantity.too_few_readings": "{name}: {count} readings where at least {needed} are needed",
        "quantity.too_large": "{name}: {field} is beyond the range of numbers that can be handled: {value}",
        "quantity.unknown_distribution": "{name}: {value} is not a distribution for {field}",
        "quantity.parameter_missing": "{name}: the parameter {field} is missing",
        "quantity.parameter_unknown": "{name}: there is no parameter {field}",
        "quantity.parameter_mismatch": (
            "{name}: {field} {value} is not what the parameters of the distribution give: {expected}"
        ),
        "quantity.accuracy": "{name}: {text!r} is not understood in a statement of accuracy",
        # units
        "unit.unknown": "{name}: {unit} is not a known unit",
        "inputs.missing_curve": "point {point}: nothing is bound to the curve {name} of the model",
        "inputs.unknown_curve": "point {point}: there is no curve {name}",
        "inputs.not_a_curve": "{name}: {value} is no calibration curve",
        "unit.missing": "{name}: the unit is missing",
        "unit.incompatible": "{name}: {unit} cannot be converted to {expected}",
        "unit.point_and_difference": (
            "{name}: {unit} and {expected} are not the same kind: one is a temperature, one a difference"
        ),
        # bindings and correlations
        "inputs.no_points": "there is no point to evaluate",
        "inputs.missing_symbol": "point {point}: no quantity is given for {name}",
        "inputs.unknown_symbol": "point {point}: the model has no input {name}",
        "inputs.unknown_quantity": "{name}: there is no input quantity of this name",
        "inputs.shape": "the values of an input are one number or as many as the others have: {expected}, not {count}",
        "inputs.count": "the model has {expected} inputs, but {count} numbers are given",
        "correlation.out_of_range": "{name} and {other}: a correlation lies between -1 and 1, not {value}",
        "correlation.itself": "{name}: a quantity has the correlation 1 with itself, not {value}",
        "correlation.duplicate": "{name} and {other}: the correlation is given more than once",
        "correlation.shared_variance": "{name} and {other}: they cannot share {value}, more than the whole, {limit}",
        "correlation.covariance_shape": "{name}: {count} values and units and a square matrix are needed",
        "correlation.not_symmetric": "{name}: the covariance matrix is not symmetric",
        "correlation.not_positive_semidefinite": (
            "the correlations of {name} contradict each other (smallest eigenvalue {value})"
        ),
        "correlation.unattainable": (
            "{name} and {other}: with these distributions no joint one has the correlation {value}"
        ),
        "correlation.no_variance": (
            "{name} and {other}: a correlation needs standard deviations; t with at most 2 degrees of freedom has none"
        ),
        # models
        "model.no_outputs": "the model has no output",
        "model.name": "{name} cannot be used as a name in a formula",
        "model.reserved": "{name} always means the number π; a quantity needs another name",
        "model.duplicate": "{name} is defined more than once in the model",
        "model.empty": "{output}: the formula is empty",
        "model.too_long": "{output}: the formula has {count} characters, at most {limit} are allowed",
        "model.too_deep": "{output}: the formula is nested deeper than {limit} levels",
        "model.too_large": "{output}: the formula has more than {limit} parts",
        "model.syntax": "{output}: {text!r} is not understood at position {position}",
        "model.unexpected_end": "{output}: the formula ends too early",
        "model.number": "{output}: {text!r} is not a usable number",
        "model.unknown_name": "{output}: {name} is neither an input nor a constant nor an output of the model",
        "model.cycle": "{output}: an output cannot follow from itself: {names}",
        "model.unknown_function": "{output}: there is no function {name}",
        "model.argument_count": "{output}: {name} takes {expected} arguments, not {count}",
        "model.exponent": "{output}: the exponent {value} is larger than {limit}",
        "model.unit_mismatch": "{output}: {unit} and {expected} cannot be combined in {text}",
        "model.unit_not_dimensionless": "{output}: {text} needs a number without dimension, not {unit}",
        "model.unit_exponent": "{output}: the power of a quantity with unit {unit} needs a plain number: {text}",
        "model.unit_scale": "{output}: the units of {text} differ by too many powers of ten",
        "model.unit_result": "{output}: the formula gives {unit}, the output is declared in {expected}",
        "model.unit_argument": "{output}: the curve {name} takes {expected}, not {unit}, in {text}",
        "model.too_many_lookups": "{name}: a model looks values up in curves at most {limit} times",
        "model.index": "{output}: {name} has no element {index}",
        "model.size": "{name}: an array has 1 to {limit} elements, not {value}",
        "model.array_size": "{output}: the arrays in {text} do not have one size",
        "model.no_array": "{output}: {name} needs an array in {text}",
        "model.array_left": "{output}: {name} is an array where one number is needed",
        "model.temperature_point": (
            "{output}: a temperature in {unit} can be subtracted or averaged, nothing else, in {text}; "
            "subtract a reference temperature or declare a difference"
        ),
        "model.division_by_zero": "{output}: division by zero in {text} at point {point}",
        "model.outside_domain": "{output}: {text} has no value at point {point}",
        "model.not_differentiable": "{output}: no finite derivative with respect to {name} at point {point}",
        "propagation.no_second_order": (
            "{output}: the terms of second order have no usable value at point {point}; propagate distributions"
        ),
        # propagation of distributions
        "monte_carlo.trials": (
            "for a coverage probability of {probability} at least {needed} trials are needed, not {value}"
        ),
        "monte_carlo.threads": "the number of threads is a whole number from 1 upward, not {value}",
        "monte_carlo.digits": "a numerical tolerance rests on 1 to 4 significant digits, not {value}",
        "monte_carlo.outside_domain": (
            "{output}: {text} has no finite value in {count} of {trials} trials at point {point}; these had {region}"
        ),
        "monte_carlo.not_converged": (
            "{output}: after {count} trials {field} at point {point} is stable to {value}, not to {expected}"
        ),
        "monte_carlo.no_interval": "{output}: there is no {field} coverage interval for the probability {value}",
        # coverage, results, records
        "coverage.probability": "a coverage probability lies strictly between 0 and 1, not {value}",
        "coverage.factor": "a coverage factor must be finite and greater than 0, not {value}",
        "evaluation.seed": "the seed must be an integer from 0 upward, not {value}",
        # decision rules
        "conformity.no_limit": "{name}: at least one limit is needed",
        "conformity.limits": "{name}: the lower limit {lower} lies above the upper limit {upper}",
        "risk.two_limits": "{name}: both limits are needed",
        "risk.unattainable": "{name}: nothing meets the wanted probability {value}",
        # comparisons and history
        "history.lengths": "{name}: {count} values where {expected} are expected",
        "history.too_many": "{name}: {count} are more than the {limit} that can be handled",
        "history.undetermined": "{name}: the history does not determine {field}",
        "reduction.unknown": "there is no reduction {name}",
        "reduction.incomplete_cycle": (
            "cycle {cycle} has {standards} readings of the standard and {items} of the item; ABBA needs 2 and 2"
        ),
        "reduction.order": "cycle {cycle} is not in the order standard, item, item, standard",
        "reduction.missing": "{name}: no reading of the kind {field}",
        "reduction.unpaired": "{name}: cycle {cycle}, position {sequence} was not read in both directions",
        "rounding.digits": "an uncertainty is reported with 1 or 2 significant digits, not {value}",
        "rounding.language": "numbers are written for vi or en, not {value}",
        "rounding.text": "{value!r} is not a decimal number",
        "reporting.text": "{value!r} does not state a number with its uncertainty",
        "reporting.probability": "U for the probability {value} cannot be held against a capability for {expected}",
        # cases in files
        "case.schema": "schema {value} is not known; a file of cases states schema = 1",
        "case.none": "the file holds no case",
        "case.missing_field": "case {case}: {field} is missing",
        "case.wrong_type": "case {case}: {field} must be a {expected}, not {value}",
        "case.not_finite": "case {case}: {field} must be finite, not {value}",
        "case.too_large": "case {case}: {field} is beyond what can be handled ({limit}): {value}",
        "case.out_of_range": "case {case}: {field} must lie between {lower} and {upper}, not {value}",
        "case.not_one_of": "case {case}: {field} must be one of {allowed}, not {value}",
        "case.too_few": "case {case}: {field}: {count} given, at least {needed} needed",
        "case.lengths": "case {case}: {field} has {count} entries where {other} has {expected}",
        "case.duplicate": "case {case}: {field}: {value} stands here a second time",
        "case.conflict": "case {case}: {field} cannot be given together with {other}",
        "case.unknown_field": "case {case}: {field} is not known here (perhaps {nearest})",
        "case.unknown_kind": "case {case}: there is no kind {value}; known are {allowed}",
        "case.unknown_what": "case {case}: {field}: {value} is not a figure of this kind of case",
        "case.unknown_name": "case {case}: {field} names {value}, which the case does not have",
        "case.method": "case {case}: {field}: {value} is not stated by the method {method}",
        "case.relative_to_zero": "case {case}: {field}: nothing can be stated relative to an estimate of 0",
        "case.no_number": "case {case}: {field}: the computation gave no number",
        "case.data_file": "case {case}: the data file {value} cannot be read",
        "case.data_outside": "case {case}: the data file {value} does not lie in the folder of the file that names it",
        "case.data_columns": "case {case}: the data file {value} has no column {name} (it has {allowed})",
        "case.data_number": "case {case}: {value} in row {row}, column {name} of the data file is not a finite number",
        "record.not_a_number": "{name}: a record cannot hold {value}",
        "record.unknown_field": "{name}: the record has an unknown field {field}",
        "record.missing_field": "{name}: the record has no field {field}",
        "record.wrong_type": "{name}: {value} cannot be read as {expected}",
        "record.result_shape": "the two results do not have the same outputs",
        # curves
        "curve.range": "{name}: {lower} to {upper} is not a range",
        "curve.justification": "{name}: use beyond the certified range needs a wider range and a reason in words",
        "curve.outside": "{name}: {value} lies outside the range from {lower} to {upper}",
        "curve.between_points": "{name}: {value} lies between certified points, and no interpolation is declared",
        "curve.no_solution": "{name}: no argument within the range gives {value}",
        "curve.several_solutions": "{name}: {count} arguments within the range give {value}",
        "curve.flat": "{name}: the curve does not rise or fall where it gives {value}",
        "curve.too_few_points": "{name}: {count} points where at least {needed} are needed",
        "curve.point_count": "{name}: {field} has {count} values for {needed} points",
        "curve.equal_arguments": "{name}: the points do not differ in their argument {value}",
        "curve.exact_point": "{name}: point {point} has no standard uncertainty",
        "curve.covariance": (
            "{name}: {field} is not a covariance matrix that can be used: "
            "square, symmetric, with correlations that do not contradict each other"
        ),
        "curve.method": "{name}: there is no way {value} to {field}",
        "curve.kind": "there is no curve of the kind {value}",
        # regression, analysis of variance, series
        "regression.dependent": "{name}: what it would add to the fit follows from what is there already",
        "regression.lengths": "{name}: {count} values where there are {expected}",
        "regression.criterion": "{name}: {value} needs the standard uncertainties of the responses",
        "regression.no_degree": "{name}: no degree up to {limit} agrees with the points",
        "reduction.pattern": "{name}: cycle {cycle} is not in the order {expected}",
        "reduction.pair_count": "{name}: cycle {cycle} needs one reading of the standard and one of the item",
        "solver.not_converged": "{name}: no convergence after {count} steps",
    }
)

CLAUSES: Mapping[str, str] = MappingProxyType(
    {
        "quantity.degrees_of_freedom": _GUM_G4,
        "quantity.too_few_readings": "JCGM 100:2008, 4.2.2",
        "correlation.out_of_range": _GUM_522,
        "correlation.itself": _GUM_522,
        "correlation.shared_variance": "JCGM 100:2008, F.1.2.3",
        "correlation.covariance_shape": "JCGM 101:2008, 6.4.8.1",
        "correlation.not_symmetric": "JCGM 101:2008, 6.4.8.1",
        "correlation.not_positive_semidefinite": "JCGM 101:2008, 6.4.8.1",
        "model.no_outputs": _GUM_411,
        "model.name": _GUM_411,
        "model.reserved": _GUM_411,
        "model.duplicate": _GUM_411,
        "model.empty": _GUM_411,
        "model.syntax": _GUM_411,
        "model.unexpected_end": _GUM_411,
        "model.number": _GUM_411,
        "model.unknown_function": _GUM_411,
        "model.argument_count": _GUM_411,
        "model.unit_mismatch": _GUM_411,
        "model.unit_not_dimensionless": _GUM_411,
        "model.unit_exponent": _GUM_411,
        "model.unit_scale": _GUM_411,
        "model.unit_result": _GUM_411,
        "model.unit_argument": _GUM_411,
        "model.index": _GUM_411,
        "model.size": _GUM_411,
        "model.array_size": _GUM_411,
        "model.no_array": _GUM_411,
        "model.array_left": _GUM_411,
        "model.unknown_name": _GUM_412,
        "model.cycle": _GUM_412,
        "model.too_long": _GUM_412,
        "model.too_deep": _GUM_412,
        "model.too_large": _GUM_412,
        "model.exponent": _GUM_412,
        "model.too_many_lookups": _GUM_412,
        "model.temperature_point": "SI Brochure (9th edition, 2019), 2.3.1",
        "model.not_differentiable": "JCGM 100:2008, 5.1.3",
        "model.division_by_zero": "JCGM 100:2008, 5.1.2",
        "model.outside_domain": "JCGM 100:2008, 5.1.2",
        "propagation.no_second_order": "JCGM 101:2008, 5.8.1",
        "quantity.parameter_mismatch": "JCGM 101:2008, 6.4.1",
        "correlation.unattainable": "JCGM 102:2011, 5.3.3",
        "correlation.no_variance": "JCGM 102:2011, 5.3.2",
        "monte_carlo.trials": "JCGM 101:2008, 7.2.2",
        "monte_carlo.digits": "JCGM 101:2008, 7.9.2",
        "monte_carlo.outside_domain": "JCGM 101:2008, 5.10.1",
        "monte_carlo.not_converged": "JCGM 101:2008, 7.9.4",
        "monte_carlo.no_interval": "JCGM 101:2008, 8.1",
        "coverage.probability": "JCGM 100:2008, 6.2.2",
        "rounding.digits": "ILAC-P14:09/2020, clause 5",
        "reporting.probability": "ILAC-P14:09/2020, 5.4",
        "reduction.incomplete_cycle": "OIML R 111-1:2004, C.4",
        "reduction.order": "OIML R 111-1:2004, C.4",
        "curve.outside": "ISO/IEC 17025:2017, 6.5.1",
        "curve.between_points": "ISO/IEC 17025:2017, 6.5.1",
        "curve.justification": "ISO/IEC 17025:2017, 7.2.1.7",
        "curve.too_few_points": "ISO/TS 28037:2010, 5.3",
        "curve.exact_point": "ISO/TS 28037:2010, 6.1",
        "curve.covariance": "ISO/TS 28037:2010, 10.1",
    }
)
