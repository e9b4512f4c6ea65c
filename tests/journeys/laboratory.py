"""A founded laboratory for journeys: the demonstration's people and equipment, no order yet."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flask import Flask

from lims.app import create_app
from lims.config import Settings
from lims.core.clock import FixedClock
from lims.core.db import Database
from lims.demo import equipment
from lims.demo.founding import found_laboratory
from lims.demo.laboratory import Laboratory
from lims.worker import WorkerContext, drain
from tests.journeys.walker import Walker

PASSWORD = "journey-pass-word"


@dataclass
class House:
    """The laboratory, its application, and its worker's context."""

    database: Database
    laboratory: Laboratory
    settings: Settings
    clock: FixedClock
    app: Flask

    def person(self, name: str) -> Walker:
        """Let somebody sign in."""
        return Walker(self.app, name, PASSWORD)

    def pass_minutes(self, minutes: int = 5) -> None:
        """Let time go by."""
        self.clock.at += timedelta(minutes=minutes)

    def work(self) -> int:
        """Let the worker do what waits."""
        return drain(WorkerContext(self.database, self.settings, self.clock))


def build_house(
    database: Database, folder: Path, clock: FixedClock, codes: Collection[str] = equipment.OF_THE_WEIGHING
) -> House:
    """Found the laboratory in a database, with the equipment of these codes, and open its application."""
    settings = Settings(
        data_dir=folder,
        database_url=database.url.render_as_string(hide_password=False),
        queue_url=f"sqlite:///{folder}/queue.sqlite",
        secret_key="a key for journeys, long enough to be taken",
        base_url="http://localhost:8080",
    )
    with database.transaction() as session:
        laboratory = found_laboratory(session, PASSWORD, timezone="Asia/Ho_Chi_Minh", now=clock.now())
    with database.transaction() as session:
        equipment.add_equipment(session, laboratory, codes)
    return House(database, laboratory, settings, clock, create_app(settings, clock, database))
