"""Words for the ways in which a calibration comes into the register, is accepted and ends."""

from __future__ import annotations

from typing import Final

from lims.core.marks import N_

MESSAGES: Final[dict[str, str]] = {
    "calibration.recorded_meanwhile": N_(
        "Meanwhile %(name)s recorded the certificate %(certificate)s of this standard (%(at)s). Look at it first; "
        "what you typed is kept here and can be recorded if it is another calibration."
    ),
    "calibration.nothing_to_end": N_("%(standard)s has no accepted calibration that could end."),
    "dcc_import.not_found": N_("There is no such file."),
    "dcc_import.not_received": N_("This file was not received for this standard, or was refused."),
    "dcc_import.no_file": N_("Choose the file of the certificate (XML)."),
    "dcc_import.nothing_taken": N_("Choose at least one column of values to take over."),
    "dcc_import.no_value_taken": N_("No value of this column is ticked."),
    "dcc_import.no_range": N_("Choose the range or part that this value belongs to."),
    "dcc_import.not_a_number": N_("%(place)s is not a number and cannot be taken over."),
    "dcc_import.unit_not_understood": N_(
        "The unit “%(unit)s” is not understood and not guessed at: name the unit that is meant, or leave the column."
    ),
    "dcc_import.degrees_missing": N_(
        "The file states no degrees of freedom: enter them, or tick that infinite ones are assumed."
    ),
    "dcc_import.other_length": N_("That column has another number of values; they cannot be read line by line."),
    "dcc_import.no_argument": N_("Choose the column of the points (indications or nominal values)."),
    "dcc_import.no_nominal": N_("The range has no nominal value to which this difference could be added."),
    "dcc_import.coefficient": N_("Say which coefficient this is: %(known)s."),
    "entry.correlation_range": N_("A correlation coefficient lies from −1 to 1, not at %(value)s."),
    "entry.file_again": N_("The certificate's file has to be chosen again."),
    "value.no_calibration": N_("No calibration was in force for this range on that day."),
    "value.nothing_said": N_("The calibration in force says nothing of this range as left."),
}

LABELS: Final[dict[str, str]] = {
    "end_kind.adjustment": N_("adjusted"),
    "end_kind.repair": N_("repaired"),
    "end_kind.damage": N_("damaged"),
    "end_kind.overload": N_("overloaded"),
    "end_kind.doubt": N_("in doubt"),
    "course.step": N_("as a step right after the last good evidence"),
    "course.drift": N_("as an even drift since the last good evidence"),
    "meaning.value": N_("the values themselves"),
    "meaning.error": N_("errors: indication less reference"),
    "meaning.correction": N_("corrections: reference less indication"),
    "meaning.deviation": N_("deviations from the nominal value"),
    "taken_kind.element": N_("values, each of a range or part"),
    "taken_kind.curve": N_("points of a range"),
    "taken_kind.characteristic": N_("characteristic (half-width)"),
    "taken_kind.coefficients": N_("coefficient of an equation"),
    "signature_state.valid": N_("valid"),
    "signature_state.invalid": N_("broken"),
    "signature_state.cannot_verify": N_("cannot be verified"),
    "signature_state.none": N_("not signed"),
    "contribution.certificate": N_("Certificate"),
    "contribution.interpolation": N_("Interpolation"),
    "contribution.drift": N_("Drift since the calibration"),
    "field.columns": N_("Values of the file"),
    "field.file": N_("File of the certificate"),
}
