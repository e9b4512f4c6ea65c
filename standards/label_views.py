"""Labels of standards with a QR code, and where a scan of one leads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

import segno
from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import Session

from lims.core.actor import Actor
from lims.core.errors import NotFound
from lims.core.formats import language
from lims.core.web import Finder, Found, Hits, add_finder, current_actor, list_request, now, reading, requires, runtime
from lims.people.access import Permission
from standards import list_queries, queries
from standards.facts import DueState, StandardFacts, StandardLine
from standards.pages import bp

SIZES: Final = ("50x30", "62x29", "40x20")
"""Labels of common printers, width × height in mm; each has its page in css/labels."""
PLACES: Final = 24
_SCANNED: Final = re.compile(r"/s/(?P<token>[A-Za-z0-9_-]{20,64})/?$")


@dataclass(frozen=True, slots=True)
class StandardLabel:
    """What a label says: tag, name, number, when it falls due; and the picture of its address."""

    line: StandardLine
    picture: Markup
    languages: tuple[str, ...]

    @property
    def due_words(self) -> str:
        """When it falls due, in both languages whoever prints it: a label is read by everybody."""
        if self.due is not None:
            return f"Hạn / Due {self.due:%d/%m/%Y}"
        none_needed = self.line.due is DueState.NOT_NEEDED
        return "Không cần HC / No cal. needed" if none_needed else "Chưa HC / Not calibrated"

    @property
    def due(self) -> date | None:
        """The last day of the calibration in force, none where it needs none."""
        return None if self.line.due is DueState.NOT_NEEDED else self.line.valid_until


@bp.get("/standards/<int:standard_id>/label")
@requires(Permission.VIEW_LABORATORY)
def standard_label(standard_id: int) -> ResponseReturnValue:
    """The label of one standard, the page as large as the label."""
    size = request.args.get("size", SIZES[0])
    with reading() as session:
        standard = queries.own_standard_facts(session, standard_id, current_actor().laboratory_id)
        line = queries.standard_line(standard, queries.calibrations_of(session, standard_id), now())
        tokens = list_queries.tokens_of(session, [standard.instrument_id])
    chosen = size if size in SIZES else SIZES[0]
    label = _label(line, tokens)
    return render_template("standards/label.html", standard=standard, label=label, sizes=SIZES, size=chosen)


@bp.get("/standards/labels")
@requires(Permission.VIEW_LABORATORY)
def standard_labels() -> ResponseReturnValue:
    """The labels of the standards that a list's filters leave, on sheets of A4; `skip` leaves first places empty."""
    asked = list_request()
    skip = request.args.get("skip", "0")
    places = int(skip) if skip.isascii() and skip.isdigit() and len(skip) < 3 else 0
    with reading() as session:
        lines = list_queries.all_standards(session, asked, laboratory_id=current_actor().laboratory_id, at=now())
        tokens = list_queries.tokens_of(session, [line.standard.instrument_id for line in lines])
    labels = [_label(line, tokens) for line in lines]
    kept = {name: list(values) for name, values in asked.chosen.items() if name != "skip"}
    return render_template(
        "standards/labels.html", labels=labels, skip=min(places, PLACES - 1), places=PLACES, kept=kept, text=asked.text
    )


def _label(line: StandardLine, tokens: dict[int, str]) -> StandardLabel:
    address = f"{runtime().base_url.rstrip('/')}/s/{tokens[line.standard.instrument_id]}"
    code = segno.make_qr(address, error="m")
    picture = code.svg_inline(border=4, omitsize=True, svgclass="code", lineclass="code-dark")
    # The picture is made of the address alone, which holds no text from outside.
    return StandardLabel(line, Markup(picture), ("vi", "en") if line.standard.name_en else ("vi",))


@bp.get("/s/<token>")
@requires(Permission.VIEW_LABORATORY)
def scanned_standard(token: str) -> ResponseReturnValue:
    """Lead from the code on a standard's label to its page."""
    with reading() as session:
        standard = list_queries.standard_by_token(session, token, current_actor().laboratory_id)
    if standard is None:
        raise NotFound("standard.not_found")
    return redirect(url_for("standards.standard", standard_id=standard.id), 303)


def _find_scanned(session: Session, actor: Actor, text: str, _today: date) -> Hits:
    """A scanner that types what it reads into the search."""
    match = _SCANNED.search(text.strip())
    found: StandardFacts | None = None
    if match is not None:
        found = list_queries.standard_by_token(session, match["token"], actor.laboratory_id)
    if found is None:
        return Hits([], 0, url_for("standards.standards"))
    url = url_for("standards.standard", standard_id=found.id)
    hit = Found(found.name(language()), found.code, "found.standard", url, code=text.strip())
    return Hits([hit], 1, url)


add_finder(bp, Finder(Permission.VIEW_LABORATORY, _find_scanned))
