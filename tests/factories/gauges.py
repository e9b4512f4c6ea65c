"""A laboratory that calibrates a pressure gauge for tests: points with repeats, and the other layouts of readings."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from sqlalchemy.orm import Session

from lims.jobs.facts import AgreedSpecification, DecisionRule, RuleKind, SpecificationKind
from lims.people.facts import Role
from lims.procedures.definition import parse_definition
from lims.procedures.facts import Activity, ProcedureFile, ProcedureHeader
from lims.procedures.procedure_file import read_toml
from standards.calibration_facts import ContentKind
from standards.commands import NewContent, NewFunction, NewRange
from standards.facts import StandardRole
from standards.queries import instrument_facts
from tests.factories import jobs, procedures, standards
from tests.factories.calibrations import (
    Bench,
    authorise,
    authorise_signatory,
    make_actor,
    make_hygrometer,
    make_hygrometer_calibration,
)

SPECIFICATION: Final = AgreedSpecification(
    kind=SpecificationKind.LIMITS,
    title_vi="Cấp 1",
    title_en="Class 1",
    lower=Decimal("-0.1"),
    upper=Decimal("0.1"),
    unit="bar",
)
UP_DOWN: Final[dict[str, Any]] = {"kind": "up_down", "cycles": 2, "entry_unit": "bar"}


def repeats(count: int = 5) -> dict[str, Any]:
    """Return the layout of points that are read several times each."""
    return {"kind": "points_repeats", "repeats": count, "entry_unit": "bar"}


def gauge_section(code: str, layout: dict[str, Any], points: int = 10) -> dict[str, Any]:
    """Return a section in which a gauge is compared with a standard at evenly spaced points up to 10 bar."""
    step = Decimal(10) / points
    return {
        "code": code,
        "title_vi": "Sai số chỉ thị",
        "title_en": "Error of indication",
        "quantity": "pressure",
        "unit": "bar",
        "layout": layout,
        "points": [
            {
                "code": f"p{number}",
                "nominal": f"{(step * number).normalize():f}",
                "unit": "bar",
                "title_vi": f"{(step * number).normalize():f} bar".replace(".", ","),
                "title_en": f"{(step * number).normalize():f} bar",
            }
            for number in range(1, points + 1)
        ],
        "inputs": [
            {
                "symbol": "p_I",
                "kind": "derived",
                "reduction": "mean",
                "roles": ["item"],
                "unit": "bar",
                "title_vi": "Số chỉ của áp kế",
                "title_en": "Indication of the gauge",
            },
            {
                "symbol": "p_S",
                "kind": "reference_value",
                "slot": "reference",
                "unit": "bar",
                "title_vi": "Áp suất của chuẩn",
                "title_en": "Pressure of the standard",
            },
            {
                "symbol": "d_r",
                "kind": "resolution",
                "unit": "bar",
                "title_vi": "Độ phân giải của áp kế",
                "title_en": "Resolution of the gauge",
            },
        ],
        "outputs": [
            {
                "name": "E",
                "expression": "p_I + d_r - p_S",
                "unit": "bar",
                "title_vi": "Sai số chỉ thị",
                "title_en": "Error of indication",
                "error": "value",
                "report": {"form": "value", "unit": "bar"},
            }
        ],
    }


def gauge_file(sections: Sequence[dict[str, Any]]) -> ProcedureFile:
    """Return a procedure of such sections, with a reference gauge and no conditions."""
    slot = {
        "slot": "reference",
        "role": "reference",
        "quantity": "pressure",
        "title_vi": "Áp kế chuẩn",
        "title_en": "Reference gauge",
    }
    header = ProcedureHeader(
        code="HC-AS-01",
        version="1",
        title_vi="Quy trình hiệu chuẩn áp kế",
        title_en="Calibration of pressure gauges",
        instrument_kind="pressure_gauge",
        method_reference="HC-AS-01:2026",
        activity="calibration",
        legal_regime="calibration",
    )
    return ProcedureFile(header, parse_definition({"schema": 1, "sections": list(sections), "equipment": [slot]}))


def pressure_function(resolution: str | None = "0.02") -> NewFunction:
    """Return the one function of a gauge from 0 to 10 bar."""
    step = None if resolution is None else Decimal(resolution)
    return NewFunction(
        "pressure",
        "bar",
        ranges=(NewRange(lower=Decimal(0), upper=Decimal(10), resolution=step, resolution_unit="bar"),),
    )


def make_gauge_bench(
    session: Session,
    file: ProcedureFile | None = None,
    *,
    functions: Sequence[NewFunction] = (),
    specification: AgreedSpecification | None = SPECIFICATION,
    reference: NewFunction | None = None,
    **identity: str,
) -> Bench:
    """Put a laboratory into the database that can calibrate a gauge: ten points, each read five times.

    `file`, `functions`, `specification` and `identity` (kind, name_vi, name_en) make another item of it; `reference`
    is what the standard measures, in bar.
    """
    site = standards.make_own_site(session, reviewer_may_release=False)
    wanted = file or gauge_file([gauge_section("error", repeats())])
    version = procedures.make_procedure_version(session, organisation_id=site.organisation_id, file=wanted)
    technician = make_actor(session, site, Role.TECHNICIAN, "Kỹ Thuật Viên")
    colleague = make_actor(session, site, Role.TECHNICIAN, "Đồng Nghiệp")
    reviewer = make_actor(session, site, Role.TECHNICAL_MANAGER, "Phụ Trách Kỹ Thuật")
    signatory = make_actor(session, site, Role.SIGNATORY, "Giám Đốc")
    for actor in (technician, colleague):
        authorise(session, actor, version, Activity.PERFORM)
    authorise(session, reviewer, version, Activity.REVIEW)
    authorise_signatory(session, signatory)
    customer = standards.make_body(session, "Khách hàng Mẫu", is_customer=True, is_upstream=False)
    said = {"kind": "pressure_gauge", "name_vi": "Áp kế lò xo", "name_en": "Bourdon gauge"} | identity
    gauge = standards.make_instrument(session, customer.id, functions=functions or (pressure_function(),), **said)
    item = jobs.make_job_item(
        session,
        job=jobs.make_job(session, site_id=site.id, customer_id=customer.id),
        instrument_id=gauge.id,
        procedure_version_id=version.id,
        agreed_specification=specification,
        decision_rule=DecisionRule(RuleKind.GUARD_BAND_U),
    )
    standard = standards.make_standard(
        session,
        site,
        kind="pressure_gauge",
        name_vi="Áp kế chuẩn",
        name_en="Reference gauge",
        functions=(reference or pressure_function(None),),
    )
    place = instrument_facts(session, standard.instrument_id).ranges()[0]
    content = NewContent(
        place.range.id,
        ContentKind.EXPRESSION,
        unit="bar",
        expanded_uncertainty_expression="0.005 + 0.0002*x",
        expanded_uncertainty_unit="bar",
        coverage_factor=Decimal(2),
    )
    calibration = standards.make_calibration(session, standard, contents=(content,))
    hygrometer = make_hygrometer(session, site)
    return Bench(
        site,
        technician,
        colleague,
        reviewer,
        signatory,
        version,
        item,
        standard,
        calibration,
        hygrometer,
        make_hygrometer_calibration(session, hygrometer),
    )


BOURDON: Final = Path(__file__).resolve().parents[2] / "lims" / "demo" / "procedures" / "hc-as-01.toml"


def _span(upper: str, step: str, unit: str = "bar") -> NewFunction:
    span = NewRange(lower=Decimal(0), upper=Decimal(upper), resolution=Decimal(step), resolution_unit=unit)
    return NewFunction("pressure", unit, ranges=(span,))


def make_bourdon_bench(session: Session) -> Bench:
    """Put a laboratory into the database that can calibrate a Bourdon gauge of 1.6 MPa by HC-AS-01, up and down.

    Its barometer is there too, calibrated.
    """
    bench = make_gauge_bench(
        session,
        read_toml(BOURDON.read_text(encoding="utf-8")),
        functions=(_span("1.6", "0.01", "MPa"),),
        specification=AgreedSpecification(
            kind=SpecificationKind.CLASS,
            title_vi="Áp kế lò xo cấp 1,6",
            title_en="Bourdon gauge of class 1.6",
            lower=Decimal("-25.6"),
            upper=Decimal("25.6"),
            unit="kPa",
            accuracy_class="1,6",
        ),
        reference=_span("25", "0.001"),
    )
    standards.make_drift(session, bench.standard, half_width_expression="0.8", unit="kPa")
    barometer = standards.make_standard(
        session,
        bench.site,
        role=StandardRole.INFLUENCE,
        kind="barometer",
        name_vi="Áp kế khí quyển",
        name_en="Barometer",
        functions=(NewFunction("pressure", "kPa", ranges=(NewRange(lower=Decimal(80), upper=Decimal(120)),)),),
    )
    place = instrument_facts(session, barometer.instrument_id).ranges()[0]
    content = NewContent(
        place.range.id,
        ContentKind.EXPRESSION,
        unit="kPa",
        expanded_uncertainty_expression="0.1",
        expanded_uncertainty_unit="kPa",
        coverage_factor=Decimal(2),
    )
    standards.make_calibration(session, barometer, contents=(content,))
    return bench
