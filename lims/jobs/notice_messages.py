"""Words of notices to customers: error codes, states, ways, answers."""

from __future__ import annotations

from typing import Final

from lims.core.marks import N_

MESSAGES: Final[dict[str, str]] = {
    "item.answer_missing": N_(
        "Item %(position)s waits for the customer's answer to a notice. Record the answer; it moves the item."
    ),
    "notice.waits_already": N_("A notice on item %(position)s waits for the customer's answer already."),
    "notice.step_refused": N_("Notice %(number)s is “%(state)s”; this step is not open to it."),
    "notice.not_waiting": N_("Notice %(number)s waits for no answer (any more)."),
    "notice.in_future": N_("This cannot lie in the future."),
    "notice.sent_before_drafted": N_("The notice cannot have been sent before it was drafted."),
}

LABELS: Final[dict[str, str]] = {
    "found.item": N_("Item"),
    "notice_state.draft": N_("draft"),
    "notice_state.approved": N_("approved, not sent"),
    "notice_state.sent": N_("sent"),
    "notice_state.withdrawn": N_("taken back"),
    "notice_kind.as_found_failure": N_("Does not conform as found"),
    "consent_way.email": N_("by e-mail"),
    "consent_way.phone": N_("by phone"),
    "consent_way.written": N_("in writing"),
    "consent_way.in_person": N_("in person"),
    "consent_way.order": N_("in the order"),
    "answer_choice.adjust": N_("adjust, then calibrate again"),
    "answer_choice.repair": N_("repair, then calibrate again"),
    "answer_choice.return_as_is": N_("return as is, without a certificate"),
    "answer_choice.certificate_as_found": N_("certificate with the results as found"),
}
