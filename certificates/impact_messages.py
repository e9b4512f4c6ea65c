"""Words for the codes of impact."""

from __future__ import annotations

from typing import Final

from lims.core.marks import N_

MESSAGES: Final[dict[str, str]] = {
    "impact.not_found": N_("There is no such impact study."),
    "impact.shift_unreadable": N_("“%(text)s” is no shift. Write a number and a unit, such as 0.4 kPa or 0.05 %%."),
    "impact.shift_unit": N_("“%(unit)s” is no unit that is known here."),
    "impact.shift_missing": N_("Say by how much."),
    "impact.shift_other_kind": N_("A shift in %(unit)s fits nothing that this calibration says."),
    "impact.shift_and_points": N_("Give either a shift or corrected points, not both."),
    "impact.points_missing": N_("Give at least one corrected point."),
    "impact.points_other": N_("A corrected point belongs to another calibration."),
    "impact.points_one_value": N_("%(content)s has one value: give it once."),
    "impact.points_argument": N_("A corrected point of %(content)s lacks its place."),
    "impact.drift_dates": N_("The end lies before the beginning."),
    "impact.span_order": N_("The upper end of the range lies below the lower one."),
    "impact.span_unit": N_("The range is given in %(unit)s; here it has to be something like %(wanted)s."),
    "impact.not_traced_here": N_("the run of a standard above it is not kept here"),
    "impact.shift_unknown": N_("by how much the standard is off is not known"),
    "cli.impact.order": N_("The largest shift in units of U first:"),
    "cli.impact.total": N_(
        "%(affected_runs)s runs and %(affected_certificates)s certificates reached; "
        "conformity changes in %(conformity_changed)s runs."
    ),
    "cli.impact.unknown": N_("No calibration of a standard is known as “%(text)s”."),
    "cli.impact.several": N_("“%(text)s” names several calibrations: %(names)s."),
}

LABELS: Final[dict[str, str]] = {
    "finding.changed": N_("conformity changes"),
    "finding.shifted": N_("moves"),
    "finding.unchanged": N_("does not move"),
    "finding.open": N_("still open"),
    "finding.unknown": N_("cannot be said"),
    "study_state.waiting": N_("waiting"),
    "study_state.running": N_("being carried out"),
    "study_state.done": N_("complete"),
    "study_state.failed": N_("could not be carried out"),
    "sense.indication": N_("indicated too much by the shift"),
    "sense.value": N_("had a value larger than certified by the shift"),
    "impact_course.step": N_("at once, as a step"),
    "impact_course.drift": N_("evenly, as a drift"),
}
