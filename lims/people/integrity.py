"""What is stored of accounts and can only be looked at: the form of what proves a password."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy.orm import Session

from lims.core.db import Base
from lims.core.integrity import TOKEN, Check, Found, malformed

_ARGON2: Final = re.compile(r"\$argon2id\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+")


def _accounts(session: Session) -> Found:
    yield from malformed(session, Base.metadata, "person.password_hash", _ARGON2)
    for column in ("person.session_stamp", "organisation.token"):
        for found in malformed(session, Base.metadata, column, TOKEN):
            if not isinstance(found, int):
                yield found


CHECKS: Final = (Check("accounts", _accounts, ("person.password_hash", "person.session_stamp", "organisation.token")),)
