"""Renders a certificate in a process of its own, which is stopped when it takes too long.

`python -m certificates.rendering` reads one request from standard input (JSON) and writes the PDF to standard output.
It sees no database, no settings and no secret: its environment holds only what finding programs and fonts needs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Final

from certificates import content as contents
from certificates.content import CertificateContent
from certificates.document import Rendering, render_pdf
from lims.core.errors import IntegrityFailure

TIMEOUT_S: Final = 120
_ROOT: Final = Path(__file__).resolve().parent.parent
_KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT")
_KEPT_PREFIXES: Final = ("FONTCONFIG_", "XDG_")


def render_apart(content: CertificateContent, rendering: Rendering) -> bytes:
    """Return the PDF, rendered in another process. Raises IntegrityFailure if that fails or takes too long."""
    request = {
        "content": contents.to_text(content),
        "template_version": rendering.template_version,
        "verification_address": rendering.verification_address,
        "made_at": rendering.made_at.isoformat(),
        "draft": rendering.draft,
    }
    kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "certificates.rendering"],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=TIMEOUT_S,
            cwd=_ROOT,
            env=kept,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise IntegrityFailure("certificate.render_timeout", seconds=TIMEOUT_S) from error
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF-"):
        reason = done.stderr.decode(errors="replace").strip().splitlines()
        raise IntegrityFailure("certificate.render_failed", reason=reason[-1] if reason else str(done.returncode))
    return done.stdout


def main() -> int:
    """Read a request, write the PDF; a failure is told in a line on standard error."""
    request = json.loads(sys.stdin.buffer.read())
    rendering = Rendering(
        template_version=int(request["template_version"]),
        verification_address=str(request["verification_address"]),
        made_at=datetime.fromisoformat(request["made_at"]),
        draft=bool(request["draft"]),
    )
    pdf = render_pdf(contents.from_text(request["content"]), rendering)
    sys.stdout.buffer.write(pdf)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
