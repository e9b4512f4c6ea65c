"""The shipped case of a standard that was off: AS-02 showed 0,05 % of reading too much since its last calibration."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from certificates import impact_services
from certificates.impact_facts import OpenStudy, Sense
from lims.core.clock import Clock
from lims.core.db import Database
from lims.demo.laboratory import Laboratory
from standards.calibration_facts import CalibrationState
from standards.calibration_models import Standard, StandardCalibration

_CODE: Final = "AS-02"
_SHIFT: Final = "0,05 %"
_REASON: Final = (
    "So sánh với áp kế píttông của viện: AS-02 chỉ cao hơn 0,05 % giá trị đọc, coi như xảy ra ngay sau lần hiệu chuẩn "
    "gần nhất."
)


def study_the_doubt(database: Database, laboratory: Laboratory, clock: Clock) -> None:
    """Let the quality manager open the study, and carry it out."""
    last = (
        select(StandardCalibration.id)
        .join(Standard, Standard.id == StandardCalibration.standard_id)
        .where(Standard.code == _CODE, StandardCalibration.state == CalibrationState.ACCEPTED.value)
        .order_by(StandardCalibration.calibrated_on.desc(), StandardCalibration.id.desc())
        .limit(1)
    )
    with database.transaction() as session:
        calibration_id = session.execute(last).scalar_one()
        command = OpenStudy(calibration_id, _SHIFT, Sense.INDICATION, reason=_REASON)
        study = impact_services.open_study(session, laboratory.actor("cl01"), command, now=clock.now())
    impact_services.run_study(database, study.id, clock=clock)
