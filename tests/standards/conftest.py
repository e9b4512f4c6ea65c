"""The laboratory of the tests of pages; on SQLite, for services run on both databases elsewhere."""

from __future__ import annotations

import pytest

from lims.core.clock import FixedClock
from lims.core.db import Database
from tests.standards.scene import Scene, build_scene


@pytest.fixture
def scene(sqlite_database: Database, clock: FixedClock) -> Scene:
    """The laboratory and its pages."""
    return build_scene(sqlite_database, clock)
