"""Validation against PTB's schema files, where an installation has them; they are third-party and not shipped.

They lie as `v3.3.0/dcc.xsd`, `dsi/…` and so on below one folder, with relative imports. Nothing else is read.
"""

from __future__ import annotations

import copy
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Final

from lxml import etree

from lims.core.errors import ConfigurationError
from lims.dcc.facts import Finding, Severity
from lims.dcc.source import SIGNATURE_NAMESPACE, Source

_MOST: Final = 50
_SHOWN: Final = 300
_STRICT: Final = "demanded by the strict wildcard"
_FORESEEN: Final = "3.2.0"
_SIGNATURE: Final = f"{{{SIGNATURE_NAMESPACE}}}Signature"


def schema_findings(source: Source, folder: Path) -> list[Finding]:
    """Return what PTB's schema of the file's version says; raises ConfigurationError where it cannot be loaded."""
    schema = _schema(folder.resolve(), source.version)
    root = copy.deepcopy(source.root)
    if source.version < _FORESEEN:  # signed ones exist all the same; the own rules say so
        for signature in root.findall(_SIGNATURE):
            root.remove(signature)
    if schema.validate(root):
        return []
    entries: Any = schema.error_log
    return [_finding(entry, source.version) for entry in islice(entries, _MOST)]


def _finding(entry: Any, version: str) -> Finding:
    """Return a finding; that the schema of foreign content (MathML, say) is not at hand is no fault of the file."""
    values = {"line": entry.line, "reason": entry.message[:_SHOWN], "version": version}
    if _STRICT in entry.message:
        return Finding(Severity.NOTE, "dcc.schema_foreign", entry.path or "/", values)
    return Finding(Severity.ERROR, "dcc.schema", entry.path or "/", values)


@lru_cache(maxsize=16)
def _schema(folder: Path, version: str) -> etree.XMLSchema:
    path = folder / f"v{version}" / "dcc.xsd"
    if not path.is_file():
        raise ConfigurationError("dcc.schema_missing", file=str(path))
    parser = etree.XMLParser(no_network=True, load_dtd=False, resolve_entities=False)
    try:
        return etree.XMLSchema(etree.parse(str(path), parser))
    except (etree.LxmlError, OSError) as error:
        raise ConfigurationError("dcc.schema_unreadable", file=str(path), reason=str(error)[:_SHOWN]) from error
