"""Imports each module named on standard input in a process that knows no other module of the project.

Prints one JSON object: what each failing module complained of. Packages from outside are imported once and handed down
by fork, so that a few hundred modules take seconds; the project's own are fresh in every process.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from importlib import import_module
from typing import Final

_OUTSIDE: Final = (
    "alembic.command",
    "flask_babel",
    "flask_bootstrap",
    "flask_login",
    "flask_wtf",
    "huey",
    "lxml.etree",
    "numpy",
    "pint",
    "psycopg",
    "scipy.stats",
    "sqlalchemy.orm",
    "weasyprint",
)


def complaint_of(module: str) -> str:
    """Import one module in a process of its own; returns the last lines of what it raised, or nothing."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            import_module(module)
        except BaseException:  # noqa: BLE001 - whatever it is, it is what this asks for
            lines = "".join(traceback.format_exc().splitlines(keepends=True)[-4:])
            os.write(writing, lines.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        complaint = pipe.read()
    os.waitpid(child, 0)
    return complaint


def main() -> None:
    """Answer for the modules on standard input, one a line."""
    for name in _OUTSIDE:
        import_module(name)
    modules = sys.stdin.read().split()
    known = {name.partition(".")[0] for name in sys.modules}
    already = known & {module.partition(".")[0] for module in modules}
    if already:
        raise RuntimeError(f"the project is imported already: {sorted(already)}")
    complaints = {module: complaint_of(module) for module in modules}
    print(json.dumps({module: complaint for module, complaint in complaints.items() if complaint}))


if __name__ == "__main__":
    main()
