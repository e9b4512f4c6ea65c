"""Pages of the traceability graph: a certificate, a run or a calibration up to the SI; what a calibration carries."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from certificates import chain_queries, chain_reach_queries, list_queries, queries
from certificates.blueprint import bp
from certificates.chain_facts import ChainPage
from certificates.facts import CertificateState
from certificates.hash_walk_queries import walk_by_hash
from certificates.models import Certificate
from certificates.reach_queries import numbers
from lims.core.web import current_actor, list_request, now, reading, requires, today
from lims.people.access import Permission
from standards import queries as standards
from standards.chain_picture import Box, NodeKind, chain_picture
from standards.pages import key_of


@bp.app_template_global("chain_target")
def chain_target(box: Box) -> str:
    """Return what lies behind a box of a picture, for people of the laboratory."""
    if box.node is not None:
        return url_for("standards.calibration", calibration_id=box.node.calibration_id)
    if box.end is not None:
        return url_for("certificates.end_reach", terminal_id=box.end.terminal.id)
    if box.standing is None:
        return "#chain-table"
    if box.kind is NodeKind.CERTIFICATE:
        return url_for("certificates.certificate", certificate_id=box.standing.record_id)
    if box.kind is NodeKind.RUN:
        return url_for("calibrations.run", run_id=box.standing.record_id)
    return url_for("certificates.reach", calibration_id=box.standing.record_id)


def _via() -> int | None:
    return key_of(request.args.get("via", ""))


@bp.get("/certificates/<int:certificate_id>/chain")
@requires(Permission.VIEW_LABORATORY)
def chain(certificate_id: int) -> ResponseReturnValue:
    """A certificate's chain up to the SI."""
    with reading() as session:
        view = queries.certificate_view(session, current_actor(), certificate_id)
        page = chain_queries.certificate_chain(session, view, now=now(), via=_via())
        walk = walk_by_hash(session, certificate_id)
    return render_template("certificates/chain.html", certificate=view, page=page, walk=walk)


@bp.get("/runs/<int:run_id>/chain")
@requires(Permission.VIEW_LABORATORY)
def run_chain(run_id: int) -> ResponseReturnValue:
    """A run's chain up to the SI."""
    with reading() as session:
        run = queries.run_of(session, current_actor(), run_id)
        page = chain_queries.run_chain(session, current_actor(), run_id, now=now(), via=_via())
    return render_template("certificates/run_chain.html", run=run, page=page)


@bp.get("/standards/calibrations/<int:calibration_id>/chain")
@requires(Permission.VIEW_LABORATORY)
def calibration_chain(calibration_id: int) -> ResponseReturnValue:
    """A calibration of a standard: up to the SI, or down to what stands on it (`direction=down`)."""
    down = request.args.get("direction") == "down"
    actor = current_actor()
    with reading() as session:
        facts = standards.calibration_facts(session, calibration_id)
        standard = standards.own_standard_facts(session, facts.standard_id, actor.laboratory_id)
        if down:
            page = chain_reach_queries.calibration_reach(session, calibration_id, today())
        else:
            found = standards.traceability_chain(session, calibration_id, today())
            page = ChainPage(chain_picture([found], via=_via()), found.breaks, found.warnings, stated=found.stated)
    return render_template(
        "certificates/calibration_chain.html", calibration=facts, standard=standard, page=page, down=down
    )


@bp.get("/standards/ends/<int:terminal_id>")
@requires(Permission.VIEW_LABORATORY)
def end_reach(terminal_id: int) -> ResponseReturnValue:
    """The end of a path, for example a national standard: all that it carries."""
    actor = current_actor()
    with reading() as session:
        found = chain_reach_queries.end_reach(session, terminal_id, actor.laboratory_id, today())
        held = numbers(session, found.certificate_ids)
        mine = [queries.seen_by(actor), Certificate.id.in_(held.select())]
        listed = list_queries.certificate_list(session, mine, list_request(), list(CertificateState))
    return render_template("certificates/end.html", found=found, listed=listed)
