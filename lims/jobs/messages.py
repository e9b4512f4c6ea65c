"""Words of orders: error codes, states, what is agreed."""

from __future__ import annotations

from typing import Final

from lims.core.marks import N_

MESSAGES: Final[dict[str, str]] = {
    "job.no_customer": N_("This organisation is not a customer (or no longer). Enter it as a customer first."),
    "job.promised_before_request": N_("The promised date lies before the request of %(requested_on)s."),
    "job.no_items": N_("The job has no items yet."),
    "item.step_refused": N_("Item %(position)s is “%(state)s”; it cannot become “%(to)s” from there."),
    "item.reason_missing": N_("Please say why item %(position)s becomes “%(to)s”."),
    "item.contract_not_reviewed": N_("The contract has not been reviewed. Review it on the job's page first."),
    "item.no_procedure": N_("No procedure is chosen for item %(position)s."),
    "item.rule_without_specification": N_("A decision rule needs a specification to decide on."),
    "item.specification_without_limits": N_("The specification needs a lower or an upper limit."),
    "item.limits_crossed": N_("The lower limit lies above the upper one."),
    "item.class_missing": N_("Please name the accuracy class."),
    "item.no_decision_rule": N_(
        "A statement of conformity needs a decision rule agreed with the customer. Choose one, or agree on no "
        "specification."
    ),
    "item.guard_factor": N_("The guard band factor is at least 0."),
    "item.agreement_frozen": N_("The item is “%(state)s”: what was agreed can no longer change."),
    "item.already_in_house": N_("The instrument is already here as item %(position)s of job %(job)s."),
    "item.other_owner": N_("The instrument belongs to somebody else than the customer. Please state the reason."),
    "item.other_party": N_("Ordering party or addressee is not the customer. Please state the reason."),
    "item.points_not_open": N_("The procedure does not leave the points of this section open."),
    "item.procedure_not_in_force": N_("Version %(version)s is not in force today. Choose another one."),
    "item.procedure_does_not_fit": N_("%(code)s is for another kind of instrument or another legal regime."),
    "item.received_in_future": N_("The item cannot have been received on a day to come."),
    "item.no_subcontractor": N_("This organisation is not entered as an upstream laboratory."),
}

LABELS: Final[dict[str, str]] = {
    "item_state.expected": N_("expected"),
    "item_state.received": N_("received"),
    "item_state.attended": N_("attended on site"),
    "item_state.in_work": N_("in work"),
    "item_state.on_hold": N_("on hold"),
    "item_state.done": N_("measured"),
    "item_state.subcontracted": N_("subcontracted"),
    "item_state.not_calibratable": N_("not calibratable"),
    "item_state.cancelled": N_("cancelled"),
    "item_state.released": N_("released"),
    "item_state.handed_back": N_("handed back"),
    "job_state.empty": N_("without items"),
    "job_state.expected": N_("expected"),
    "job_state.received": N_("received"),
    "job_state.in_work": N_("in work"),
    "job_state.on_hold": N_("on hold"),
    "job_state.ready": N_("ready to hand back"),
    "job_state.closed": N_("closed"),
    "job_state.cancelled": N_("cancelled"),
    "hold_reason.customer": N_("the customer's answer"),
    "hold_reason.standard": N_("a standard"),
    "hold_reason.part": N_("a part"),
    "hold_reason.repair": N_("a repair"),
    "location_kind.laboratory": N_("in the laboratory"),
    "location_kind.on_site": N_("at the customer's site"),
    "purpose_of_use.group_1": N_("Group 1"),
    "purpose_of_use.group_2": N_("Group 2"),
    "legal_regime.calibration": N_("Calibration"),
    "legal_regime.verification": N_("Verification"),
    "certificate_language.vi-en": N_("Vietnamese with English"),
    "certificate_language.vi": N_("Vietnamese"),
    "certificate_language.en": N_("English"),
    "specification_kind.none": N_("No statement of conformity"),
    "specification_kind.class": N_("Accuracy class"),
    "specification_kind.limits": N_("The customer's limits"),
    "rule_kind.none": N_("None"),
    "rule_kind.simple_acceptance": N_("Simple acceptance"),
    "rule_kind.guard_band_U": N_("Guard band of U"),
    "rule_kind.oiml_r111": N_("OIML R 111 (U at most a third of the limit)"),
    "found.job": N_("Job"),
}
