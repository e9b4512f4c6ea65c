"""The letter that tells a customer which of its certificates rest on a standard that was off. Pure; then revised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lims.quality.facts import Treatment

_OPENING_VI = (
    "Kính gửi Quý khách hàng,\n\n"
    "Phòng thí nghiệm phát hiện chuẩn {code} ({name}), hiệu chuẩn ngày {calibrated}, không còn phù hợp. Chúng tôi đã "
    "tính lại các kết quả đo có dùng chuẩn này; các giấy chứng nhận sau của Quý khách hàng có liên quan:"
)
_OPENING_EN = (
    "Dear customer,\n\n"
    "We found that our measurement standard {code} ({name}), calibrated on {calibrated}, no longer met its "
    "requirements. We have evaluated again every result that rests on it; these certificates of yours are concerned:"
)
_CLOSING_VI = (
    "Trong thời gian xử lý, đề nghị Quý khách hàng cân nhắc khi sử dụng các kết quả này. Giấy chứng nhận sửa đổi được "
    "cấp miễn phí. Chúng tôi xin lỗi về sự bất tiện này."
)
_CLOSING_EN = (
    "Until this is settled, please consider whether these results can be relied on. Amended certificates are free of "
    "charge. We apologise for the inconvenience."
)
_WORDS_VI = {
    Treatment.AMEND: "kết quả thay đổi đáng kể; giấy chứng nhận sẽ được sửa đổi",
    Treatment.INFORM: "kết quả dịch chuyển trong phạm vi độ không đảm bảo đo; giấy chứng nhận giữ nguyên hiệu lực",
    Treatment.NONE: "không bị ảnh hưởng",
}
_WORDS_EN = {
    Treatment.AMEND: "a result changes considerably; the certificate will be amended",
    Treatment.INFORM: "results move within their uncertainty; the certificate stays in force",
    Treatment.NONE: "not concerned",
}


@dataclass(frozen=True, slots=True)
class Concerned:
    """A certificate that a letter names."""

    certificate: str
    instrument_vi: str
    instrument_en: str
    treatment: Treatment


@dataclass(frozen=True, slots=True)
class Named:
    """The standard that a letter names."""

    code: str
    name_vi: str
    name_en: str
    calibrated_on: date


def letter(standard: Named, concerned: Sequence[Concerned]) -> tuple[str, str]:
    """Return the letter in Vietnamese and in English."""
    day = f"{standard.calibrated_on:%d/%m/%Y}"
    lines_vi = [f"– {one.certificate} ({one.instrument_vi}): {_WORDS_VI[one.treatment]}." for one in concerned]
    lines_en = [f"– {one.certificate} ({one.instrument_en}): {_WORDS_EN[one.treatment]}." for one in concerned]
    vietnamese = _OPENING_VI.format(code=standard.code, name=standard.name_vi, calibrated=day)
    english = _OPENING_EN.format(code=standard.code, name=standard.name_en, calibrated=day)
    return (
        "\n".join([vietnamese, *lines_vi, "", _CLOSING_VI]),
        "\n".join([english, *lines_en, "", _CLOSING_EN]),
    )
