"""Words for the codes of nonconforming work."""

from __future__ import annotations

from typing import Final

from lims.core.marks import N_

MESSAGES: Final[dict[str, str]] = {
    "quality.not_found": N_("There is no such record of nonconforming work."),
    "quality.study_runs": N_("The impact study is not complete yet."),
    "quality.opened_already": N_("A record was opened from this study already."),
    "quality.step_refused": N_("Record %(number)s is “%(state)s” and cannot become “%(to)s”."),
    "quality.same_person": N_("Work is released by another person than who decided."),
    "quality.letters_waiting": N_("Letters to customers have not gone yet: %(count)s."),
    "quality.letter_sent": N_("Letter %(number)s has gone already."),
}

LABELS: Final[dict[str, str]] = {
    "work_state.open": N_("open"),
    "work_state.decided": N_("decided"),
    "work_state.released": N_("released, work goes on"),
    "step_kind.opened": N_("Record opened"),
    "step_kind.stopped": N_("Use of the standard stopped"),
    "step_kind.investigated": N_("Notices placed beside the certificates"),
    "step_kind.letters": N_("Letters to customers drafted"),
    "step_kind.marked": N_("Treatment of a certificate changed"),
    "step_kind.sent": N_("Letter sent"),
    "step_kind.decided": N_("Decision taken"),
    "step_kind.released": N_("Work released"),
    "treatment.amend": N_("amend the certificate"),
    "treatment.inform": N_("inform the customer"),
    "treatment.none": N_("nothing needed"),
    "letter_state.draft": N_("draft"),
    "letter_state.sent": N_("sent"),
    "letter_way.email": N_("by e-mail"),
    "letter_way.written": N_("by letter"),
    "letter_way.in_person": N_("in person"),
    "field.finding": N_("What was established"),
    "field.decision": N_("Decision taken"),
    "field.note": N_("Note"),
}
