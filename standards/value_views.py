"""Pages on what a standard is worth: its value on a day and at a point, and what its history says of its drift."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lims.core.errors import RuleViolation
from lims.core.fields import Fields
from lims.core.web import FormState, now, reading, requires, today
from lims.people.access import Permission
from standards import check_queries, queries
from standards.calibration_facts import ContentFacts, ContentKind, DriftPeriod, Point
from standards.drift_history import DriftProposal, propose
from standards.drift_series import series_of
from standards.facts import RangeAddress, StandardFacts
from standards.pages import bp
from standards.standard_views import own_standard
from standards.value_facts import ValueOn
from standards.value_queries import contents_on, instant_of, value_on


@bp.get("/standards/<int:standard_id>/value")
@requires(Permission.VIEW_LABORATORY)
def value(standard_id: int) -> ResponseReturnValue:
    """Show a standard's value on a day and at a point, what its uncertainty is made of, and whence it comes."""
    found: ValueOn | None = None
    contents: list[ContentFacts] = []
    with reading() as session:
        standard = own_standard(session, standard_id)
        ranges = queries.instrument_facts(session, standard.instrument_id).ranges()
        form = _asked(ranges)
        chosen = form.text("range_id")
        address = next((one for one in ranges if str(one.range.id) == chosen), None)
        if address is not None:
            with form.guard():
                found, contents = _found(session, standard, address, form)
    page = render_template(
        "standards/value.html",
        standard=standard,
        ranges=ranges,
        address=address,
        contents=contents,
        form=form,
        found=found,
    )
    return page, form.status


def _asked(ranges: tuple[RangeAddress, ...]) -> FormState:
    """Return what the address asks for; without anything the first range today."""
    given: dict[str, object] = {
        name: request.args.get(name, "") for name in ("range_id", "content_id", "point", "unit")
    }
    given["on"] = request.args.get("on") or today()
    if not given["range_id"] and ranges:
        given["range_id"] = ranges[0].range.id
    return FormState.of(given)


def _found(
    session: Session, standard: StandardFacts, address: RangeAddress, form: FormState
) -> tuple[ValueOn | None, list[ContentFacts]]:
    fields = Fields({name: form.text(name) for name in ("on", "point", "unit", "content_id")})
    day = fields.date("on")
    number = fields.optional_decimal("point")
    unit = fields.optional_text("unit", maximum=40)
    content_id = fields.optional_integer("content_id")
    fields.finish()
    at = instant_of(day, standard, now())
    contents = contents_on(session, standard.id, address.range.id, at)
    wanted = next((one for one in contents if one.id == content_id), contents[0] if contents else None)
    if wanted is None:
        raise RuleViolation("value.no_calibration", clause="ISO/IEC 17025:2017, 6.5.1")
    point = None if number is None else Point(number, unit or wanted.argument_unit or wanted.unit)
    if point is None and needs_point(wanted):
        return None, contents
    return value_on(session, standard.id, address.range.id, point, at, content_id=wanted.id), contents


def needs_point(content: ContentFacts) -> bool:
    """Return whether a content has a value only at a point."""
    return content.kind not in {ContentKind.ELEMENT, ContentKind.CHARACTERISTIC}


@bp.get("/standards/<int:standard_id>/drift")
@requires(Permission.MANAGE_STANDARDS)
def drift_proposals(standard_id: int) -> ResponseReturnValue:
    """Show what the calibrations so far say of the drift, as a proposal for each range to decide on."""
    with reading() as session:
        standard = own_standard(session, standard_id)
        instrument = queries.instrument_facts(session, standard.instrument_id)
        calibrations = queries.calibrations_of(session, standard_id)
        limits = check_queries.limits_of(session, standard_id)
        drifts = queries.drifts_of(session, standard_id)
    proposals = propose(series_of(calibrations, limits, today()), standard.interval_months)
    return render_template(
        "standards/drift_proposals.html",
        standard=standard,
        ranges={address.range.id: address for address in instrument.ranges()},
        proposals=proposals,
        drifts=drifts,
        proposal_form=_proposal_form,
    )


def _proposal_form(proposal: DriftProposal, basis: str) -> FormState:
    """Return the form of a decision filled with a proposal and what it rests on."""
    return FormState.of(
        {
            "half_width_expression": proposal.half_width,
            "unit": proposal.unit,
            "per": DriftPeriod.CALIBRATION,
            "distribution": "rectangular",
            "basis": " ".join(str(basis).split()),
            "valid_from": today(),
        }
    )
