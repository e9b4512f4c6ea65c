"""Where certificates and schema files of others are, for the tests that compare with them; they are not shipped."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

_FOLDER: Final = "CHUAN_TEST_REFERENCE_DIR"
_WHERE: Final = (
    f"{_FOLDER} names no folder with dcc/examples and dcc/schema in it. The examples are those of PTB and of the "
    "packages pydcc and dcclib, the schema files PTB's published releases (ptb.de/dcc)"
)


def folder() -> Path | None:
    """Return the folder of certificates and schema files, if there is one."""
    named = os.environ.get(_FOLDER)
    found = Path(named) / "dcc" if named else None
    return found if found is not None and found.is_dir() else None


def schema_folder() -> Path:
    """Return the folder of schema files; skips the test where there is none."""
    found = folder()
    if found is None:
        pytest.skip(_WHERE)
    return found / "schema"


def examples() -> list[Path]:
    """Return the example certificates; empty where there are none."""
    found = folder()
    return [] if found is None else [*sorted((found / "examples").glob("*.xml")), *sorted(found.glob("*.xml"))]


def need_examples() -> list[Path]:
    """Return the example certificates; skips the test where there are none."""
    found = examples()
    if not found:
        pytest.skip(_WHERE)
    return found
