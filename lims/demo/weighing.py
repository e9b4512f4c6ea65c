"""The published weighing EA-4/02 M, S2, taken through the demonstration laboratory on its last day of work."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from lims.core.clock import local_date
from lims.core.db import Database
from lims.demo import weights, work
from lims.demo.laboratory import Laboratory
from lims.demo.press import Press
from lims.demo.work import OrderedItem

_SERIAL_NUMBER: Final = "QC-0417"
_WHO: Final = "kdv01"


def do_published(database: Database, laboratory: Laboratory, press: Press) -> None:
    """Take the order, weigh, review, release, and begin the certificate: as published, on the day that ends now."""
    close = laboratory.close_of_work
    agreed = weights.agreement(laboratory, local_date(close, laboratory.timezone), place="Xưởng cân, phường Mẫu 2")
    item = OrderedItem(
        laboratory.instruments[_SERIAL_NUMBER],
        agreed,
        "Bề mặt sạch, không vết xước nhìn thấy; có hộp gỗ",
        "Surface clean, no visible scratches; in its wooden case",
        "Hộp gỗ",
    )
    with database.transaction() as session:
        (key,) = work.take_order(
            session, laboratory, "cokhi", [item], close - timedelta(hours=4), reference="YC-2026-017"
        )
        start = close - timedelta(hours=3)
        run = work.measure(session, laboratory, key, weights.measurement(weights.published()), start, who=_WHO)
        work.submit(session, laboratory, run, close - timedelta(hours=2), who=_WHO)
    with database.transaction() as session:
        work.review(session, laboratory, run, close - timedelta(hours=1))
        work.release(session, laboratory, run, close - timedelta(minutes=40))
    at = close - timedelta(minutes=30)
    with database.transaction() as session:
        view = work.begin_certificate(session, laboratory, [run], at)
    press.begin(view.id, at)
