"""The tokens of orders, their items and the notices to customers."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from lims.core.db import Base
from lims.core.integrity import TOKEN, Check, Found, malformed

_TOKENS: Final = ("job.token", "job_item.token", "customer_notice.token")


def _tokens(session: Session) -> Found:
    for column in _TOKENS:
        yield from malformed(session, Base.metadata, column, TOKEN)


CHECKS: Final = (Check("tokens_of_orders", _tokens, _TOKENS),)
