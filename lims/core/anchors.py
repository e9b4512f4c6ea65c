"""Audit chain heads kept outside the database: what shows a chain that was cut short or rewritten as a whole.

One JSON line per head, appended to a file in the data folder; the file may lie on another disk or be sent away.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Final

from lims.core.audit import ChainHead
from lims.core.errors import IntegrityFailure

FILE_NAME: Final = "audit-anchors.jsonl"


def read_anchors(folder: Path) -> list[ChainHead]:
    """Return every head noted so far. Raises IntegrityFailure if a line cannot be read."""
    path = folder / FILE_NAME
    if not path.exists():
        return []
    heads = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            entry = json.loads(line)
            heads.append(ChainHead(int(entry["site_id"]), int(entry["sequence"]), str(entry["head_hash"])))
        except (ValueError, KeyError, TypeError) as error:
            raise IntegrityFailure("audit.anchor_file_damaged", line=number, file=str(path)) from error
    return heads


def write_anchors(folder: Path, heads: list[ChainHead], *, now: datetime) -> int:
    """Append the heads that are new since the last line of their site; flushed to disk. Returns how many were."""
    known = {(head.site_id, head.sequence) for head in read_anchors(folder)}
    fresh = [head for head in heads if head.sequence and (head.site_id, head.sequence) not in known]
    if not fresh:
        return 0
    with (folder / FILE_NAME).open("a", encoding="utf-8") as file:
        for head in fresh:
            entry = {
                "at": now.isoformat(),
                "site_id": head.site_id,
                "sequence": head.sequence,
                "head_hash": head.head_hash,
            }
            file.write(json.dumps(entry) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return len(fresh)
