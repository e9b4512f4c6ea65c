"""Words of what happens between as found and as left: adjustments, and items that fail as found."""

from __future__ import annotations

from typing import Final

from lims.core.marks import N_

MESSAGES: Final[dict[str, str]] = {
    "run.adjusted_before_as_found": N_(
        "First read the item as found, completely; %(count)s cells are empty. Then it may be adjusted."
    ),
    "run.adjusted_before_reading": N_("The last reading as found was taken at %(last)s; the adjustment comes after."),
    "run.adjuster_not_authorised": N_("Who adjusts must be authorised for this procedure on that day."),
    "run.adjustment_without_consent": N_(
        "The order does not allow an adjustment. Enter the customer's consent: who gave it, when, how, and what shows "
        "it."
    ),
    "run.item_not_in_work": N_(
        "The item is “%(state)s”; it is adjusted while it is in work, or waits for its customer's answer."
    ),
    "run.no_customer": N_("No customer waits for the item of this run."),
    "run.as_found_incomplete": N_("%(count)s cells as found are still empty; the customer is told when all are read."),
    "run.as_found_conforms": N_("Nothing fails as found."),
    "run.item_gone": N_("The item is “%(state)s”; its readings stay, and nothing more is submitted"),
    "run.item_waits": N_("The item waits for its customer's answer"),
    "run.adjustment_wanted": N_("The customer asks for an adjustment or a repair; none is recorded yet"),
    "run.as_left_before_adjustment": N_(
        "%(count)s readings as left are older than the last adjustment: read them again"
    ),
    "notice.stale_figures": N_(
        "The readings were corrected since notice %(number)s was drafted. Draft it again, so that its figures hold."
    ),
}

LABELS: Final[dict[str, str]] = {
    "adjustment_kind.adjustment": N_("adjustment"),
    "adjustment_kind.repair": N_("repair"),
}
