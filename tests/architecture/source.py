"""What the tests of the source share: where it lies, which files it has, how to read it."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("calc", "lims", "standards", "certificates")


@cache
def committed_files() -> tuple[Path, ...]:
    """Return the files that belong to the repository: the tracked ones and new ones that nothing ignores."""
    listing = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, check=True, capture_output=True, text=True).stdout.split("\0")
    return tuple(ROOT / name for name in sorted(set(names)) if name and (ROOT / name).is_file())


@cache
def python_files() -> tuple[Path, ...]:
    """Return the Python files of the product, without its migrations (which are history)."""
    return tuple(
        path
        for path in committed_files()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PACKAGES and "migrations" not in path.parts
    )


@cache
def tree_of(path: Path) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def module_name(path: Path) -> str:
    """Return a file's name as a module: lims/core/db.py is lims.core.db."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
