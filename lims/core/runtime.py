"""What a request works with: database, clock, zone, and the hooks that packages hang into the shared pages.

One `Runtime` hangs at each application; nothing here is global.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from flask import Flask, current_app
from flask.sansio.app import App
from sqlalchemy.orm import Session

from lims.core.account import Account
from lims.core.actor import Actor
from lims.core.clock import Clock, local_date
from lims.core.db import Database

_EXTENSION: Final = "lims"


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the left rail: shown to whoever may call its endpoint. `words` is an English msgid.

    Where there are more places than the rail holds, those whose permission `own` the reader holds stay. Pages below the
    endpoint's own address belong to the place, and those whose address begins with one of `also`.
    """

    endpoint: str
    words: str
    icon: str
    order: int
    own: str | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A number at the head of the first page: how many of what, in the reader's words, and where they are."""

    count: int
    words: str
    url: str
    tone: str = "info"


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the first page: a template, and a function that reads what it prints; None leaves it out.

    What it reads may hold `figures`, for the head of the page.
    """

    permission: str
    template: str
    load: Callable[[Session, Actor, date], Mapping[str, Any] | None]
    order: int


MOST_FOUND: Final = 10
"""How many hits of one finder the search field shows; its list shows them all."""


@dataclass(frozen=True, slots=True)
class Found:
    """One hit of the search field: the words, a line below, what kind of thing (a label code) and where it opens.

    `code` is what else names it alone, such as the tag of a standard: typed whole, it opens the thing at once.
    """

    title: str
    detail: str
    kind: str
    url: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Hits:
    """What a finder found: the first of them, how many there are in all, and the address of the list that has them."""

    found: Sequence[Found] = ()
    total: int = 0
    address: str = ""


@dataclass(frozen=True, slots=True)
class Finder:
    """Searches one package's records for the search field at the top."""

    permission: str
    find: Callable[[Session, Actor, str, date], Hits]


@dataclass
class Runtime:
    """The parts handed down by `lims.app.create_app`."""

    database: Database
    clock: Clock
    timezone: str
    language: str
    base_url: str
    load_account: Callable[[Session, int, date], Account | None]
    places: list[Place] = field(default_factory=list)
    panels: list[Panel] = field(default_factory=list)
    finders: list[Finder] = field(default_factory=list)
    uploads: dict[str, int] = field(default_factory=dict)

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return self.clock.now()

    def today(self) -> date:
        """Return the date in the laboratory's zone."""
        return local_date(self.clock.now(), self.timezone)


def attach(app: Flask, context: Runtime) -> None:
    """Hang the parts at the application."""
    app.extensions[_EXTENSION] = context


def runtime(app: App | None = None) -> Runtime:
    """Return the parts of an application (default: the one answering now)."""
    context: Runtime = (app or current_app).extensions[_EXTENSION]
    return context
