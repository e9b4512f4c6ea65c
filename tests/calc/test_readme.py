"""The ten lines of the README run and print what the README says."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

_README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_ten_lines_run() -> None:
    section = _README.read_text(encoding="utf-8").partition("## The uncertainty core alone")[2]
    found = re.search(r"```python\n(?P<code>.*?)```", section, re.DOTALL)
    assert found is not None
    code = found["code"]
    assert len([line for line in code.splitlines() if line.strip()]) == 10
    (promised,) = re.findall(r"# (.*)", code)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "README.md", "exec"), {})  # noqa: S102 - our own text
    assert re.sub(r"\s", " ", said.getvalue().strip()) == promised
