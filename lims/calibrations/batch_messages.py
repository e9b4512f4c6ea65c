"""The words of batches: errors by code, labels."""

from __future__ import annotations

from typing import Final

from lims.core.marks import N_

MESSAGES: Final[dict[str, str]] = {
    "batch.not_found": N_("There is no such batch."),
    "batch.stale": N_("Somebody wrote into batch %(number)s meanwhile. Look at it as it is now, then submit."),
    "batch.no_items": N_("Choose at least one item."),
    "batch.item_twice": N_("The same item cannot stand in a batch twice."),
    "batch.too_large": N_("A batch holds at most %(maximum)s items."),
    "batch.other_procedure": N_("Item %(item)s was agreed with another procedure version; items of a batch share one."),
    "batch.other_site": N_("Item %(item)s is at another site."),
    "batch.other_place": N_("Item %(item)s is not measured at the same place as the others."),
    "batch.other_regime": N_("Item %(item)s follows another legal regime than the others."),
    "batch.other_points": N_(
        "Other points were agreed for item %(item)s; what is read together needs the same points. "
        "Open a run of its own."
    ),
    "batch.empty": N_("Batch %(number)s has no item left."),
    "batch.run_released": N_(
        "A released result rests on what the batch shares (%(runs)s): it stays as it is. "
        "Measure an item again in a run of its own."
    ),
    "batch.run_handed_in": N_(
        "Results that rest on what the batch shares are handed in (%(runs)s). "
        "Have them returned first, then it can be changed for all items."
    ),
    "batch.standard_read": N_(
        "The standard was read in batch %(number)s already; an item put in now was not measured with it."
    ),
    "batch.written_there": N_("This is shared by the items of batch %(batch)s; it is written there, for all of them."),
    "batch.standard_missing": N_("%(count)s readings of the standard are missing"),
    "batch.readings_missing": N_("%(item)s: %(count)s readings are missing"),
    "batch.readings_missing_in": N_("%(count)s readings are missing, of %(items)s items"),
    "batch.as_left_missing": N_("%(item)s was adjusted: %(count)s readings as left are missing, on its run's page"),
    "batch.evaluation_fails": N_("%(item)s: the result cannot be calculated"),
    "batch.nothing_to_submit": N_("No draft is left to be submitted in batch %(number)s."),
}

LABELS: Final[dict[str, str]] = {
    "batch_state.draft": N_("being measured"),
    "batch_state.submitted": N_("handed in"),
    "batch_state.released": N_("released"),
    "run_action.run.left_batch": N_("taken out of the batch"),
    "run_action.batch.opened": N_("batch opened"),
    "run_action.batch.items_added": N_("items put in"),
    "run_action.batch.item_removed": N_("item taken out"),
    "run_action.batch.submitted": N_("batch submitted"),
    "field.job_item_id": N_("Items"),
}
