"""Words for the codes of the customer's pages; errors of certificates have theirs in `certificates.messages`."""

from __future__ import annotations

from typing import Final

from lims.core.marks import N_

MESSAGES: Final[dict[str, str]] = {}
LABELS: Final[dict[str, str]] = {
    "due_standing.overdue": N_("overdue"),
    "due_standing.soon": N_("falls due soon"),
    "due_standing.later": N_("in date"),
    "due_standing.no_interval": N_("no interval agreed"),
    "progress.expected": N_("expected by the laboratory"),
    "progress.here": N_("at the laboratory"),
    "progress.held": N_("on hold"),
    "progress.ready": N_("finished, to be handed back"),
    "progress.back": N_("handed back"),
    "progress.cancelled": N_("cancelled"),
    "due_standing.never": N_("no certificate here yet"),
}
