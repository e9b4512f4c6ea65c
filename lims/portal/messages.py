"""Words for the codes of the customer's pages; errors of certificates have theirs in `certificates.messages`."""

from __future__ import annotations

from typing import Final

MESSAGES: Final[dict[str, str]] = {}
LABELS: Final[dict[str, str]] = {}
