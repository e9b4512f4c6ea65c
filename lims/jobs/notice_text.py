"""The words a notice starts with, in Vietnamese and English: written from what was found, then open to revision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lims.jobs.notice_facts import Finding, Letter

_OPENING_VI = (
    "Kính gửi Quý khách hàng,\n\n"
    "Khi hiệu chuẩn phương tiện đo {instrument} (phiếu yêu cầu {job}, mục {position}), kết quả đo trước hiệu chỉnh "
    "{days} cho thấy phương tiện đo không đạt yêu cầu kỹ thuật đã thỏa thuận ({specification}) tại "
    "{failing}/{points} điểm đo nêu trong bảng dưới đây."
)
_OPENING_EN = (
    "Dear customer,\n\n"
    "During the calibration of {instrument} (order {job}, item {position}), the results as found {days} show that the "
    "instrument does not conform to the agreed specification ({specification}) at {failing} of {points} points; they "
    "stand in the table below."
)
_PAST_VI = (
    "Các phép đo đã thực hiện bằng phương tiện đo này kể từ lần hiệu chuẩn trước có thể bị ảnh hưởng; đề nghị Quý "
    "khách hàng xem xét."
)
_PAST_EN = (
    "Measurements made with this instrument since its last calibration may be affected; please consider what rests on "
    "them."
)
_ASK_VI = (
    "Phòng thí nghiệm tạm dừng công việc với phương tiện đo này và chờ ý kiến của Quý khách hàng. Đề nghị chọn một "
    "trong các cách xử lý sau:\n"
    "1. Hiệu chỉnh rồi hiệu chuẩn lại; giấy chứng nhận ghi cả kết quả trước và sau hiệu chỉnh.\n"
    "2. Sửa chữa rồi hiệu chuẩn lại.\n"
    "3. Trả lại nguyên trạng, không cấp giấy chứng nhận.\n"
    "4. Cấp giấy chứng nhận với kết quả trước hiệu chỉnh."
)
_ASK_EN = (
    "The laboratory has stopped work on this instrument and waits for your decision. Please choose one of:\n"
    "1. Adjust, then calibrate again; the certificate states the results before and after adjustment.\n"
    "2. Repair, then calibrate again.\n"
    "3. Return as is, without a certificate.\n"
    "4. Certificate with the results as found."
)
_AGREED_VI = (
    "Theo thỏa thuận, phòng thí nghiệm hiệu chỉnh phương tiện đo rồi hiệu chuẩn lại; giấy chứng nhận ghi cả kết quả "
    "trước và sau hiệu chỉnh."
)
_AGREED_EN = (
    "As agreed, the laboratory adjusts the instrument and calibrates it again; the certificate states the results "
    "before and after adjustment."
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What the notice is about and to whom it goes, as its words name them."""

    instrument_vi: str
    instrument_en: str
    serial_number: str
    job_number: str
    position: int
    recipient_name: str
    recipient_email: str
    recipient_phone: str


def first_letter(subject: Subject, finding: Finding, *, asks: bool) -> Letter:
    """Return the words of a new notice; `asks`: the item waits for an answer, nothing was agreed before."""
    serial = subject.serial_number
    common = {
        "job": subject.job_number,
        "position": subject.position,
        "failing": len({(entry.section_vi, entry.point_vi) for entry in finding.failures}),
        "points": finding.points,
    }
    return Letter(
        recipient_name=subject.recipient_name,
        recipient_email=subject.recipient_email,
        recipient_phone=subject.recipient_phone,
        opening_vi=_OPENING_VI.format(
            instrument=subject.instrument_vi + (f", số {serial}" if serial else ""),
            days=_days_vi(finding.measured_from, finding.measured_to),
            specification=finding.specification_vi,
            **common,
        ),
        opening_en=_OPENING_EN.format(
            instrument=subject.instrument_en + (f", no. {serial}" if serial else ""),
            days=_days_en(finding.measured_from, finding.measured_to),
            specification=finding.specification_en,
            **common,
        ),
        closing_vi=f"{_PAST_VI}\n\n{_ASK_VI if asks else _AGREED_VI}",
        closing_en=f"{_PAST_EN}\n\n{_ASK_EN if asks else _AGREED_EN}",
    )


def _days_vi(first: date, last: date) -> str:
    return f"ngày {last:%d/%m/%Y}" if first == last else f"từ ngày {first:%d/%m/%Y} đến ngày {last:%d/%m/%Y}"


def _days_en(first: date, last: date) -> str:
    return f"of {_day_en(last)}" if first == last else f"of {_day_en(first)} to {_day_en(last)}"


def _day_en(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
