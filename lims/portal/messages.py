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
    "due_standing.never": N_("no certificate here yet"),
}
