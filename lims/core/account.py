"""The person behind a session, as the web's sessions and the package that knows persons agree on it."""

from __future__ import annotations

from dataclasses import dataclass

from lims.core.actor import Actor


@dataclass(frozen=True, slots=True)
class Account:
    """Who they are as an actor, and the stamp that their sessions must carry."""

    actor: Actor
    stamp: str
