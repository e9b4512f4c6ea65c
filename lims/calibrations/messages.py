"""The words of calibration runs: errors by code, labels of states and kinds."""

from __future__ import annotations

from typing import Final

from lims.calibrations import analysis_messages, calculation_messages, warning_messages
from lims.core.marks import N_

MESSAGES: Final[dict[str, str]] = {
    # runs
    "run.not_found": N_("There is no such run."),
    "run.item_needed": N_("A run for a customer needs a job item."),
    "run.item_state": N_("The item is “%(state)s”; a run can be opened on an item that is received or in work."),
    "run.no_procedure": N_("No procedure is agreed for this item; agree on one first."),
    "run.procedure_not_in_force": N_("The procedure %(procedure)s is not in force today."),
    "run.other_regime": N_("The procedure follows other rules than the item (%(regime)s)."),
    "run.not_authorised": N_("%(name)s is not authorised to perform this procedure on %(on)s."),
    "run.stale": N_(
        "Somebody else changed run %(number)s meanwhile: you saw version %(seen)s, now it is version %(present)s. "
        "Look at it again and repeat what you meant."
    ),
    "run.stale_room": N_(
        "Somebody else changed the room of run %(number)s meanwhile. You typed “%(typed)s”, now it says “%(present)s”."
    ),
    "run.transition": N_("Run %(number)s cannot become “%(to)s” now: it is “%(state)s”."),
    "run.not_a_draft": N_("Run %(number)s is no longer a draft; its records stay as they are."),
    "run.reason_needed": N_("Give the reason."),
    # equipment
    "run.no_slot": N_("The procedure has no place “%(slot)s” for equipment."),
    "run.other_site": N_("This standard belongs to another site."),
    "run.wrong_quantity": N_("The calibration of %(standard)s says nothing of the quantity wanted here."),
    "run.choose_element": N_("%(standard)s has several parts; choose which one is used."),
    "run.equipment_twice": N_("%(standard)s is already chosen here."),
    "run.equipment_too_many": N_("At most %(maximum)s may be chosen here."),
    "run.equipment_missing": N_("Equipment is missing: %(title)s"),
    "run.equipment_not_usable": N_("%(standard)s cannot be used"),
    "run.already_withdrawn": N_("This standard was already taken out."),
    # what keeps a run back
    "run.condition_missing": N_("%(title)s is not recorded at start and end"),
    "run.condition_outside": N_("%(title)s was outside its limits: %(minimum)s to %(maximum)s %(unit)s"),
    "run.condition_unsteady": N_("%(title)s changed by more than %(limit)s %(unit)s within an hour, the room's limit"),
    "run.readings_missing": N_("%(count)s readings are missing: %(title)s"),
    "run.performer_not_authorised": N_("%(name)s was not authorised on the day of measurement"),
    "run.evaluation_fails": N_("The result cannot be calculated"),
    "run.purpose_not_issuable": N_("A run of this purpose may not reach a certificate"),
    "run.held": N_("The run cannot go on yet: the list of what keeps it back has %(count)s entries."),
    # decisions
    "run.own_review": N_("You had a hand in this run (%(why)s); somebody else has to review it."),
    "run.reviewer_not_authorised": N_("You are not authorised to review this procedure today."),
    "run.signatory_not_authorised": N_("You are not authorised to sign such certificates at this site today."),
    "run.reviewer_releases": N_("You reviewed this run; at this site somebody else has to release it."),
    "run.no_evaluation": N_("The run has no stored result."),
    "run.preview_stale": N_(
        "Somebody changed what run %(number)s rests on since this page was shown. "
        "Look at the result as it is now, then submit."
    ),
    "run.other_evaluation": N_("The stored result is not the one that was reviewed."),
    "run.evaluation_stale": N_("A newer result was stored meanwhile; look at it before you decide."),
    "run.not_released": N_("Run %(number)s is not released yet."),
    "run.adjusted_before_as_found": N_("Read the item as found before it is adjusted."),
    "evaluation.not_found": N_("There is no such result."),
    "evaluation.damaged": N_("The stored result of run %(number)s does not fit its digest; it may have been altered."),
    # readings
    "reading.conflict": N_(
        "Somebody else wrote into this cell meanwhile: it says “%(present)s” (%(present_by)s); you typed “%(typed)s”. "
        "Save again, with the reason, if yours is right."
    ),
    "reading.reason_needed": N_("Here stood “%(text)s”; give the reason for the change below the sheet."),
    "reading.no_such_cell": N_("The procedure has no such cell."),
    "reading.in_future": N_("A reading cannot be observed in the future."),
    "reading.no_uuid": N_("The page was not complete; load it again."),
    "reading.uuid_reused": N_("The page was sent twice with different readings; load it again."),
    "reading.nothing_to_correct": N_("There is no reading to correct."),
    "reading.far_outside": N_(
        "“%(text)s” lies far outside the item's range, %(lower)s to %(upper)s %(unit)s. "
        "Correct it, or confirm it with the reason."
    ),
    "reading.not_own": N_("Only who wrote a reading may take it back."),
    "reading.left_out": N_("A reading that is left out has its reason already; take it back in first."),
    "reading.not_current": N_("This reading was replaced meanwhile."),
    "reading.approver_needed": N_("Somebody else must approve that it is left out."),
    # why a point has no result
    "evaluation.no_reference": N_("No standard is chosen, or it gives no value here."),
    "evaluation.no_drift": N_("The drift of %(standard)s was never decided."),
    "evaluation.no_resolution": N_("The resolution is not known."),
    "evaluation.no_characteristic": N_("No certificate of the equipment chosen states the characteristic needed here."),
    "evaluation.no_condition": N_("The condition or its instrument is missing."),
    **calculation_messages.MESSAGES,
    **analysis_messages.MESSAGES,
    **warning_messages.MESSAGES,
}

LABELS: Final[dict[str, str]] = {
    "run_state.draft": N_("draft"),
    "run_state.submitted": N_("submitted"),
    "run_state.reviewed": N_("reviewed"),
    "run_state.released": N_("released"),
    "run_state.voided": N_("void"),
    "run_purpose.customer": N_("for the customer"),
    "run_purpose.own_standard": N_("own standard"),
    "run_purpose.check": N_("intermediate check"),
    "run_purpose.replicate": N_("replicate"),
    "run_purpose.comparison": N_("comparison"),
    "run_purpose.complaint_repeat": N_("repeat after a complaint"),
    "run_purpose.validation": N_("validation"),
    "run_purpose.training": N_("training"),
    "phase.as_found": N_("as found"),
    "phase.as_left": N_("as left"),
    "reading_role.item": N_("item"),
    "reading_role.standard": N_("standard"),
    "reading_role.zero": N_("zero"),
    "reading_role.influence": N_("condition"),
    "reading_source.typed": N_("typed"),
    "reading_source.pasted": N_("pasted"),
    "reading_source.imported": N_("imported"),
    "reading_source.instrument": N_("from the instrument"),
    "direction.up": N_("up"),
    "direction.down": N_("down"),
    "exclusion_kind.excluded": N_("left out"),
    "exclusion_kind.restored": N_("taken back in"),
    "exclusion_kind.not_measurable": N_("not measurable"),
    "exclusion_kind.withdrawn": N_("taken back by its writer"),
    "justification_kind.condition_outside": N_("condition outside its limits"),
    "justification_kind.deviation": N_("deviation from the method"),
    "decision_kind.submitted": N_("submitted"),
    "decision_kind.returned": N_("returned"),
    "decision_kind.reviewed": N_("reviewed"),
    "decision_kind.released": N_("released"),
    "decision_kind.voided": N_("voided"),
    "verdict.pass": N_("conforms"),
    "verdict.conditional_pass": N_("conforms conditionally"),
    "verdict.conditional_fail": N_("does not conform, conditionally"),
    "verdict.fail": N_("does not conform"),
    "involvement.opened": N_("opened it"),
    "involvement.recorded": N_("recorded readings"),
    "involvement.corrected": N_("corrected readings"),
    "involvement.excluded": N_("left readings out"),
    "involvement.adjusted": N_("adjusted the item"),
    "involvement.perform": N_("performed it"),
    "involvement.supervise": N_("supervised it"),
    "involvement.adjust": N_("adjusted the item"),
    "distribution.normal": N_("normal"),
    "distribution.multivariate_normal": N_("multivariate normal"),
    "distribution.t": N_("Student's t"),
    "distribution.rectangular": N_("rectangular"),
    "distribution.curvilinear_trapezoid": N_("rectangular with inexact limits"),
    "distribution.trapezoidal": N_("trapezoidal"),
    "distribution.triangular": N_("triangular"),
    "distribution.arcsine": N_("arcsine"),
    "distribution.exponential": N_("exponential"),
    "distribution.gamma": N_("gamma"),
    "run_action.run.opened": N_("run opened"),
    "run_action.run.changed": N_("header changed"),
    "run_action.run.equipment_chosen": N_("equipment chosen"),
    "run_action.run.equipment_withdrawn": N_("equipment taken out"),
    "run_action.run.submitted": N_("submitted"),
    "run_action.run.returned": N_("returned"),
    "run_action.run.reviewed": N_("reviewed"),
    "run_action.run.released": N_("released"),
    "run_action.run.voided": N_("voided"),
    "run_action.run.justified": N_("justified"),
    "run_action.run.adjusted": N_("adjusted"),
    "run_action.reading.recorded": N_("reading stored"),
    "run_action.reading.corrected": N_("reading corrected"),
    "run_action.reading.excluded": N_("reading left out or taken back in"),
    "field.purpose": N_("Purpose"),
    "field.supervisor_id": N_("Supervisor"),
    "field.observed_at": N_("Time of observation"),
    "field.comment": N_("Comment"),
    "field.exclusion_reason": N_("Reason"),
    "field.reading_comment": N_("Comment"),
}
