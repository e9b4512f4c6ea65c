"""Makes certificate contents and certificates for tests: the weighing example, and a long table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from certificates.content import (
    CertificateContent,
    Condition,
    HeadNumber,
    HeadNumberKind,
    Identification,
    Item,
    Laboratory,
    Language,
    Location,
    Method,
    Party,
    ResultRow,
    ResultTable,
    RunRecord,
    Signatory,
    SignatoryRole,
    StandardUsed,
    Statements,
    Text,
)
from certificates.document import TEMPLATE_VERSION, Rendering

ISSUED_ON = date(2026, 11, 21)
ADDRESS = "http://localhost:8000/verify/HC-TM-2026-00012/Zk3vN0c1x9QwTr8uYb2s"


def make_rendering(**overrides: Any) -> Rendering:
    """Return what a renderer needs beside the content."""
    values: dict[str, Any] = {
        "template_version": TEMPLATE_VERSION,
        "verification_address": ADDRESS,
        "made_at": datetime(2026, 11, 21, 8, 30, tzinfo=UTC),
    }
    return Rendering(**(values | overrides))


def make_row(**overrides: Any) -> ResultRow:
    """Return the published result of the weighing example."""
    values: dict[str, Any] = {
        "point": Text("10 kg"),
        "output": Text("Khối lượng quy ước", "Conventional mass"),
        "unit": "mg",
        "value": "25",
        "expanded_uncertainty": "59",
        "coverage_factor": "2",
        "coverage_probability": "0.9545",
        "degrees_of_freedom": "inf",
        "nominal": "10",
        "nominal_unit": "kg",
    }
    return ResultRow(**(values | overrides))


def make_statements(**overrides: Any) -> Statements:
    """Return the sentences of the paper."""
    values: dict[str, Any] = {
        "uncertainty": Text(
            "Độ không đảm bảo đo mở rộng U là tích của độ không đảm bảo đo chuẩn tổng hợp với hệ số phủ k = 2, "
            "ứng với xác suất phủ p = 95,45 % của phân bố chuẩn; được đánh giá theo JCGM 100:2008.",
            "The expanded uncertainty U is the combined standard uncertainty multiplied by the coverage factor k = 2, "
            "which for a normal distribution corresponds to a coverage probability of p = 95.45 %; evaluated "
            "according to JCGM 100:2008.",
        ),
        "results_relate_to_items": Text(
            "Kết quả chỉ có giá trị đối với đối tượng nêu trên, tại thời điểm và trong điều kiện hiệu chuẩn.",
            "The results relate only to the items named above, at the time and under the conditions of calibration.",
        ),
        "traceability": Text(
            "Kết quả đo liên kết chuẩn tới hệ đơn vị quốc tế (SI) qua các chuẩn nêu trên.",
            "The results are metrologically traceable to the International System of Units (SI) through the "
            "standards above.",
        ),
        "reproduction": Text(
            "Không được sao chép từng phần giấy chứng nhận này nếu không có sự đồng ý bằng văn bản của nơi cấp.",
            "This certificate shall not be reproduced except in full without written approval of the laboratory.",
        ),
        "sampling": Text("Không lấy mẫu.", "No sampling was carried out."),
        "outside_providers": Text(
            "Mọi kết quả do phòng thí nghiệm trực tiếp thực hiện.",
            "All results were obtained by the laboratory itself.",
        ),
        "verification": Text(
            "Giấy chứng nhận hiệu chuẩn này không thay thế cho kiểm định theo Luật Đo lường.",
            "This calibration certificate does not replace verification under the Law on Measurement.",
        ),
    }
    return Statements(**(values | overrides))


def make_run(**overrides: Any) -> RunRecord:
    """Return the run of the weighing example."""
    table = ResultTable("weighing", Text("Cân so sánh", "Comparison weighing"), "as_found", (make_row(),))
    values: dict[str, Any] = {
        "number": "R26-TM-00017",
        "item": 0,
        "method": 0,
        "performed_from": date(2026, 11, 19),
        "performed_to": date(2026, 11, 20),
        "location": Location(
            "laboratory", Text("Phòng khối lượng, tại phòng thí nghiệm", "Mass room, at the laboratory")
        ),
        "conditions": (
            Condition("temperature", Text("Nhiệt độ", "Temperature"), "20.1", "20.4", "degC"),
            Condition("relative_humidity", Text("Độ ẩm tương đối", "Relative humidity"), "49", "52", "%"),
        ),
        "standards": (0, 1),
        "results": (table,),
        "evaluation_digest": "5" * 64,
        "specification": Text("Cấp chính xác M1: ±500 mg", "Accuracy class M1: ±500 mg"),
        "decision_rule": None,
    }
    return RunRecord(**(values | overrides))


def make_content(**overrides: Any) -> CertificateContent:
    """Return the certificate of the weighing example: 10 kg + 25 mg, U = 59 mg, k = 2, p = 95,45 %."""
    customer = Party(
        Text("Công ty TNHH Cơ khí Mẫu", "Sample Mechanics Co., Ltd."),
        Text("Số 1 đường Thử, phường Mẫu 1, tỉnh Mẫu", "1 Test Street, Sample Ward 1, Sample Province"),
        "0000000009",
        "Phòng kỹ thuật, 000 000 0000",
    )
    values: dict[str, Any] = {
        "kind": "calibration",
        "language": Language.VIETNAMESE_ENGLISH,
        "title": Text("Giấy chứng nhận hiệu chuẩn", "Calibration certificate"),
        "laboratory": _laboratory(),
        "identification": Identification("HC-TM-2026-00012", 1, "PYC-TM-2026-00031"),
        "customer": customer,
        "addressee": customer,
        "methods": (
            Method("HC-KL-01", "1.2", Text("Hiệu chuẩn quả cân", "Calibration of weights"), "EA-4/02 M:2022, S2"),
        ),
        "items": (_item(),),
        "runs": (make_run(),),
        "standards": _standards(),
        "statements": make_statements(),
        "signatories": (
            Signatory(
                SignatoryRole.PERFORMED, "Kiểm định viên 01", Text("Kiểm định viên", "Technician"), date(2026, 11, 20)
            ),
            Signatory(
                SignatoryRole.REVIEWED, "Kỹ thuật 01", Text("Phụ trách kỹ thuật", "Technical manager"), ISSUED_ON
            ),
            Signatory(SignatoryRole.APPROVED, "Giám đốc 01", Text("Giám đốc", "Director"), ISSUED_ON),
        ),
        "issued_on": ISSUED_ON,
    }
    return CertificateContent(**(values | overrides))


def make_long_content(rows: int = 60, **overrides: Any) -> CertificateContent:
    """Return a certificate with one long table: a thermometer read at many points."""
    points = tuple(
        make_row(
            point=Text(f"{step * 2} °C"),
            output=Text("Số chỉ", "Indication"),
            unit="degC",
            value=f"{step * 2}.{step % 10}{'0' if step % 7 else ''}",
            measurement_error=f"{'-' if step % 3 == 0 else ''}0.{step % 10}{'0' if step % 7 else ''}",
            expanded_uncertainty="0.074" if step % 4 else "0.11",
            coverage_factor="2" if step % 5 else "2.13",
            nominal=None,
            nominal_unit=None,
            lower_limit="-0.5",
            upper_limit="0.5",
            limit_unit="degC",
            decision="pass" if step % 11 else "fail",
        )
        for step in range(1, rows + 1)
    )
    table = ResultTable("points", Text("Sai số của số chỉ", "Error of indication"), "as_found", points)
    run = make_run(
        results=(table,),
        decision_rule=Text(
            "Chấp nhận đơn giản theo ILAC-G8:09/2019, 4.2.1", "Simple acceptance, ILAC-G8:09/2019, 4.2.1"
        ),
    )
    return replace(make_content(runs=(run,)), **overrides)


def _laboratory() -> Laboratory:
    return Laboratory(
        name=Text(
            "Trung tâm Kỹ thuật Tiêu chuẩn Đo lường Chất lượng tỉnh Mẫu",
            "Centre for Standards, Metrology and Quality of Sample Province",
        ),
        address=Text("Phường Mẫu 1, tỉnh Mẫu", "Sample Ward 1, Sample Province"),
        site_code="TM",
        site_name=Text("Cơ sở chính", "Main site"),
        phone="000 000 0000",
        email="phongdo@example.vn",
        place_line=Text("Tỉnh Mẫu", "Sample Province"),
        numbers=(
            HeadNumber(HeadNumberKind.REGISTRATION, "ĐK 000"),
            HeadNumber(HeadNumberKind.ACCREDITATION, "VILAS 0000"),
        ),
    )


def _item() -> Item:
    return Item(
        name=Text("Quả cân 10 kg", "Weight 10 kg"),
        manufacturer="Xưởng cơ khí Mẫu",
        model="QC-10",
        serial_number="QC-2024-117",
        asset_tag="CK-014",
        specification=Text("10 kg, cấp chính xác M1", "10 kg, accuracy class M1"),
        condition_on_receipt=Text("Sạch, không trầy xước", "Clean, no scratches"),
        received_on=date(2026, 11, 18),
        place_of_use="Xưởng 2",
    )


def _standards() -> tuple[StandardUsed, ...]:
    return (
        StandardUsed(
            "KL-05",
            Text("Quả cân F2 10 kg", "Weight F2 10 kg"),
            "reference",
            "VM-0005",
            "V26.00123",
            Text("Viện đo lường Mẫu", "Sample Metrology Institute"),
            date(2026, 3, 2),
            date(2027, 3, 31),
            Text("Viện đo lường quốc gia, CMC trong KCDB", "National metrology institute with a CMC in the KCDB"),
        ),
        StandardUsed(
            "NH-01",
            Text("Nhiệt ẩm kế", "Thermo-hygrometer"),
            "influence",
            "TH-77",
            "T26.0456",
            Text("Trung tâm đo lường Mẫu 1", "Sample Measurement Centre 1"),
            date(2026, 5, 12),
            date(2027, 5, 31),
            Text("Phòng thí nghiệm được công nhận (ILAC MRA)", "Accredited laboratory (ILAC MRA)"),
        ),
    )
