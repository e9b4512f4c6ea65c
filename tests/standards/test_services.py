from decimal import Decimal

from sqlalchemy.orm import Session

from standards import queries
from tests.factories import standards as make


def test_smoke(session: Session) -> None:
    standard = make.make_standard(session)
    calibration = make.make_calibration(session, standard)
    make.make_drift(session, standard)
    value = queries.reference_value_at(session, calibration.id, at=make.USED_AT)
    assert (value.value, value.unit, value.expanded_uncertainty) == (Decimal("10000.005"), "g", Decimal("0.045"))
    assert value.drift.half_width == Decimal("0.015")
    assert queries.content_digest(calibration) == calibration.content_digest
    found = queries.usable_calibrations(session, site_id=standard.site_id, role="reference", at=make.USED_AT)
    assert [c.calibration_id for c in found] == [calibration.id]
    lower_standard = make.make_standard(session)
    lines = queries.standards(session, laboratory_id=standard.laboratory_id, at=make.USED_AT)
    print(lines)
    assert queries.damaged_calibrations(session) == []
    assert queries.instruments(session, text="qua can").total == 2
