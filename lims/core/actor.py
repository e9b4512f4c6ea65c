"""Who acts: what services and rules know of a person, without any account or session behind it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Actor:
    """A person in the act of doing something, with what they may do today.

    `organisation_ids` are the organisations they belong to; `laboratory_id` is set for people of the laboratory
    and None for customers; `site_ids` are the laboratory's sites they work at. `permissions` are values of
    `lims.people.access.Permission`.
    """

    person_id: int
    name: str
    permissions: frozenset[str] = frozenset()
    organisation_ids: frozenset[int] = frozenset()
    laboratory_id: int | None = None
    site_ids: frozenset[int] = frozenset()
    language: str = "vi"
    roles: frozenset[str] = field(default_factory=frozenset)

    def may(self, permission: str) -> bool:
        """Return whether the actor holds the permission."""
        return str(permission) in self.permissions


SYSTEM = Actor(person_id=0, name="Chuan LIMS", permissions=frozenset({"system"}))
"""The program itself: background tasks and set-up act in this name."""
