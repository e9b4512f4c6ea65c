"""Labels of items with a plain QR code: one for a label printer, those of a job on a sheet of A4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import Session

from lims.calibrations.blueprint import bp
from lims.core.errors import NotFound
from lims.core.web import current_actor, reading, requires, runtime
from lims.jobs import queries as jobs
from lims.jobs.facts import JobItemFacts
from lims.jobs.labels import LabelFacts, code_picture, customer_code, item_address
from lims.people.access import Permission
from standards import queries as standards

SIZES: Final = ("50x30", "62x29", "40x20")
"""Labels of common printers, width × height in mm; each has its page in css/labels."""


@bp.get("/jobs/items/<int:item_id>/label")
@requires(Permission.VIEW_LABORATORY)
def item_label(item_id: int) -> ResponseReturnValue:
    """The label of one item, the page as large as the label."""
    size = request.args.get("size", SIZES[0])
    with reading() as session:
        item = jobs.job_item_facts(session, item_id)
        labels = _labels(session, [item])
    return render_template(
        "calibrations/label.html", item=item, labels=labels, sizes=SIZES, size=size if size in SIZES else SIZES[0]
    )


@bp.get("/jobs/<int:job_id>/labels")
@requires(Permission.VIEW_LABORATORY)
def job_labels(job_id: int) -> ResponseReturnValue:
    """The labels of a job's items on sheets of A4, 3 × 8 of 70 mm × 37 mm; `skip` leaves the first places empty."""
    skip = request.args.get("skip", "0")
    with reading() as session:
        job = jobs.job_facts(session, job_id)
        if job.site_id not in current_actor().site_ids:
            raise NotFound
        labels = _labels(session, jobs.items_of(session, job_id))
    places = int(skip) if skip.isascii() and skip.isdigit() and len(skip) < 3 else 0
    return render_template("calibrations/labels.html", job=job, labels=labels, skip=min(places, 23))


def _labels(session: Session, items: Sequence[JobItemFacts]) -> list[tuple[LabelFacts, Markup]]:
    found = []
    for item in items:
        if item.site_id not in current_actor().site_ids:
            raise NotFound
        instrument = standards.instrument_facts(session, item.instrument_id)
        label = LabelFacts(
            address=item_address(runtime().base_url, item.token),
            number=f"{item.job_number}/{item.position}",
            instrument_vi=instrument.name_vi,
            instrument_en=instrument.name_en or "",
            serial_number=instrument.serial_number or "",
            customer_code=customer_code(item.customer_id),
            received_on=item.received_on,
        )
        # The picture is made of the address alone, which holds no text from outside.
        found.append((label, Markup(code_picture(label.address))))
    return found
