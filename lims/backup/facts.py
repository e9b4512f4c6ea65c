"""What a backup says of itself: its parts, how many rows each holds, and the hash of each.

The file is an uncompressed tar, so that it can be looked into without this product: the parts first (each table as
lines of JSON, packed by gzip), then `manifest.json`, then `SHA256SUMS` in the form of the program `sha256sum`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Final

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
SUMS: Final = "SHA256SUMS"
TABLES: Final = "tables/"
ANCHORS: Final = "files/audit-anchors.jsonl"
SECRET_KEY: Final = "files/secret_key"
TRUSTED: Final = "files/dcc_trusted/"


@dataclass(frozen=True, slots=True)
class Part:
    """One part as it lies in the file, by the hash of its bytes; of a table also its rows and what they hash to."""

    name: str
    size: int
    sha256: str
    rows: int | None = None
    content_sha256: str | None = None

    @property
    def table(self) -> str | None:
        """The table that the part holds, if it holds one."""
        if not self.name.startswith(TABLES):
            return None
        return self.name.removeprefix(TABLES).removesuffix(".jsonl.gz")


@dataclass(frozen=True, slots=True)
class Head:
    """Where the audit chain of a site stood."""

    site_id: int
    sequence: int
    head_hash: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: made when, by which version, of which revision of the tables."""

    format: int
    product_version: str
    made_at: str
    database: str
    revision: str
    holds_secret_key: bool
    heads: tuple[Head, ...]
    parts: tuple[Part, ...]

    @property
    def rows(self) -> int:
        """How many rows all tables hold together."""
        return sum(part.rows or 0 for part in self.parts)

    @property
    def tables(self) -> tuple[Part, ...]:
        """The parts that are tables, in the order in which they were written."""
        return tuple(part for part in self.parts if part.table is not None)

    def as_json(self) -> str:
        """Return the manifest as it is stored."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def manifest_of(stored: Any) -> Manifest:
    """Read a stored manifest. Raises KeyError, TypeError or ValueError where it is none of this format."""
    if stored["format"] != FORMAT:
        raise ValueError(f"format {stored['format']}")
    return Manifest(
        format=FORMAT,
        product_version=str(stored["product_version"]),
        made_at=str(stored["made_at"]),
        database=str(stored["database"]),
        revision=str(stored["revision"]),
        holds_secret_key=bool(stored["holds_secret_key"]),
        heads=tuple(Head(int(h["site_id"]), int(h["sequence"]), str(h["head_hash"])) for h in stored["heads"]),
        parts=tuple(Part(**part) for part in stored["parts"]),
    )
