"""Plain facts of one standard and its calibration, for rules that need no database."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from standards.calibration_facts import (
    CalibrationFacts,
    CalibrationSource,
    CalibrationState,
    ContentFacts,
    ContentKind,
    Phase,
    TerminalFacts,
    TerminalKind,
)
from standards.facts import StandardFacts, StandardRole, StandardState, StateChange


def standard(standard_id: int = 1) -> StandardFacts:
    """An available reference standard in Hanoi."""
    return StandardFacts(
        id=standard_id,
        instrument_id=standard_id,
        site_id=1,
        laboratory_id=1,
        timezone="Asia/Ho_Chi_Minh",
        code=f"KL-{standard_id:02d}",
        role=StandardRole.REFERENCE,
        level=None,
        needs_calibration=True,
        interval_months=12,
        interval_policy=None,
        custodian_id=None,
        row_version=1,
        name_vi="Quả cân",
        name_en=None,
        serial_number=None,
        accuracy_class="F2",
        kind="weight",
        states=(StateChange(StandardState.AVAILABLE, datetime(2026, 1, 1, tzinfo=UTC)),),
    )


def weight(**overrides: Any) -> ContentFacts:
    """What the certificate of the weighing example says."""
    values: dict[str, Any] = {
        "id": 11,
        "calibration_id": 1,
        "range_id": 1,
        "phase": Phase.AS_LEFT,
        "kind": ContentKind.ELEMENT,
        "identifier": "1",
        "quantity": "mass",
        "unit": "g",
        "nominal": Decimal(10000),
        "value": Decimal("10000.005"),
        "expanded_uncertainty": Decimal(45),
        "expanded_uncertainty_unit": "mg",
        "coverage_factor": Decimal(2),
        **overrides,
    }
    return ContentFacts(**values)


def terminal(calibration_id: int = 1) -> TerminalFacts:
    """Evidence of a national institute that holds on the calibration date."""
    return TerminalFacts(
        calibration_id, calibration_id, TerminalKind.NMI_CMC, "CMC", "APMP.M.M-1", False, date(2024, 1, 1), None
    )


def calibration(calibration_id: int = 1, standard_id: int = 1) -> CalibrationFacts:
    """An accepted calibration from outside, of January 2026."""
    return CalibrationFacts(
        id=calibration_id,
        token=f"c{calibration_id}",
        standard_id=standard_id,
        standard_code=f"KL-{standard_id:02d}",
        source=CalibrationSource.EXTERNAL,
        certificate_number=f"V{calibration_id}",
        laboratory_id=2,
        laboratory_name_vi="Viện Mẫu",
        laboratory_name_en=None,
        run_id=None,
        run_number=None,
        calibrated_on=date(2026, 1, 12),
        issued_on=None,
        valid_until=date(2027, 1, 12),
        method=None,
        conditions=None,
        accredited_symbol=False,
        state=CalibrationState.ACCEPTED,
        recorded_at=datetime(2026, 1, 14, tzinfo=UTC),
        recorded_by_id=1,
        recorded_by_name="A",
        accepted_at=datetime(2026, 1, 15, tzinfo=UTC),
        accepted_by_id=2,
        accepted_by_name="B",
        acceptance_note=None,
        ended_at=None,
        ended_reason=None,
        content_digest="0" * 64,
        certificate_sha256=None,
        dcc_sha256=None,
        row_version=1,
        contents=(weight(id=calibration_id * 10, calibration_id=calibration_id),),
        terminals=(terminal(calibration_id),),
    )
