"""The sentences of a certificate, in Vietnamese and English: composed once from facts, then frozen with the content."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from calc.decisions.conformity import Statement
from calc.rounding import localise, probability_text
from calc.units import display_unit
from certificates.content import Language, ResultRow, Text
from certificates.page import printed_date
from certificates.tables import OUTSIDE_MARK
from lims.calibrations.detail_facts import RecordedFacts
from lims.calibrations.facts import AdjustmentFacts, AdjustmentKind
from lims.core.clock import local_date
from lims.jobs.facts import AgreedSpecification, DecisionRule, RuleKind, SpecificationKind
from standards.calibration_facts import OUTSIDE_KINDS, TerminalFacts, TerminalKind

TITLE: Final = Text("Giấy chứng nhận hiệu chuẩn", "Calibration certificate")
RESULTS_RELATE_TO_ITEMS: Final = Text(
    "Kết quả chỉ có giá trị đối với đối tượng nêu trên, tại thời điểm và trong điều kiện hiệu chuẩn.",
    "The results relate only to the items named above, at the time and under the conditions of calibration.",
)
REPRODUCTION: Final = Text(
    "Không được sao chép từng phần giấy chứng nhận này nếu không có sự đồng ý bằng văn bản của nơi cấp.",
    "This certificate shall not be reproduced except in full without written approval of the laboratory.",
)
NO_SAMPLING: Final = Text("Không lấy mẫu.", "No sampling was carried out.")
OWN_RESULTS: Final = Text(
    "Mọi kết quả do phòng thí nghiệm trực tiếp thực hiện.", "All results were obtained by the laboratory itself."
)
OUTSIDE_RESULTS: Final = Text(
    "Kết quả do đơn vị ngoài cung cấp được ghi rõ tại từng dòng.",
    "Results from outside providers are marked in their rows.",
)
NOT_VERIFICATION: Final = Text(
    "Giấy chứng nhận hiệu chuẩn này không thay thế cho kiểm định theo Luật Đo lường đối với phương tiện đo nhóm 2.",
    "This calibration certificate does not replace the verification which the Law on Measurement requires of "
    "group-2 measuring instruments.",
)
SI_TRACEABILITY: Final = Text(
    "Kết quả đo liên kết chuẩn tới hệ đơn vị quốc tế (SI) qua các chuẩn nêu trên.",
    "The results are metrologically traceable to the International System of Units (SI) through the standards above.",
)
OTHER_TRACEABILITY: Final = Text(
    "Kết quả đo liên kết chuẩn tới các quy chiếu nêu tại từng chuẩn.",
    "The results are metrologically traceable to the references stated with each standard.",
)
_TERMINALS: Final = {
    TerminalKind.NMI_CMC: Text(
        "Viện đo lường quốc gia, CMC trong KCDB", "National metrology institute with a CMC in the KCDB"
    ),
    TerminalKind.ACCREDITED_LABORATORY: Text(
        "Phòng hiệu chuẩn được công nhận (ILAC MRA)", "Accredited laboratory (ILAC MRA)"
    ),
    TerminalKind.OUTSIDE_NMI: Text(
        "Viện đo lường quốc gia ngoài CIPM MRA, đã được đánh giá theo ILAC-P10, 3a)",
        "National metrology institute outside the CIPM MRA, evaluated according to ILAC-P10, 3a)",
    ),
    TerminalKind.OUTSIDE_LABORATORY: Text(
        "Phòng hiệu chuẩn ngoài ILAC MRA, đã được đánh giá theo ILAC-P10, 3b)",
        "Calibration laboratory outside the ILAC MRA, evaluated according to ILAC-P10, 3b)",
    ),
    TerminalKind.OUTSIDE_EVALUATED: Text(
        "Ngoài CIPM MRA và ILAC MRA, đã được đánh giá theo ILAC-P10",
        "Outside the CIPM MRA and ILAC MRA, evaluated according to ILAC-P10",
    ),
    TerminalKind.REFERENCE_MATERIAL: Text(
        "Chất chuẩn của nhà sản xuất theo ISO 17034", "Reference material of an ISO 17034 producer"
    ),
    TerminalKind.INTRINSIC_REALIZATION: Text("Chuẩn tự thể hiện, đã xác nhận", "Intrinsic realization, validated"),
    TerminalKind.CITED_CONSTANT: Text("Hằng số theo tài liệu trích dẫn", "Cited constant"),
    TerminalKind.NON_SI_REFERENCE: Text("Quy chiếu ngoài SI", "Reference outside the SI"),
}


def adjustment(entry: AdjustmentFacts, timezone: str) -> Text:
    """Return what was done to an item between as found and as left: the day, what, the seals (7.8.4.1 d)."""
    day = local_date(entry.made_at, timezone)
    repaired = entry.kind == AdjustmentKind.REPAIR
    when_vi = f"{'Sửa chữa ngày' if repaired else 'Ngày'} {printed_date(day, Language.VIETNAMESE)}"
    when_en = f"{'Repaired on' if repaired else 'On'} {printed_date(day, Language.ENGLISH)}"
    said = [(f"{when_vi}: {entry.description_vi}", f"{when_en}: {entry.description_en or entry.description_vi}")]
    if entry.seals_removed:
        said.append((f"Niêm phong đã tháo: {entry.seals_removed}", f"Seals removed: {entry.seals_removed}"))
    if entry.seals_applied:
        said.append((f"Niêm phong mới: {entry.seals_applied}", f"Seals applied: {entry.seals_applied}"))
    ended = [(vi.rstrip(".") + ".", en.rstrip(".") + ".") for vi, en in said]
    return Text(" ".join(vi for vi, _en in ended), " ".join(en for _vi, en in ended))


def join(texts: Iterable[Text], mark: str = "; ") -> Text:
    """Return several texts as one."""
    parts = list(texts)
    return Text(mark.join(part.vi for part in parts), mark.join(part.english for part in parts))


def outside_scope(number: str) -> Text:
    """Return what the mark in a row says where other rows lie within the accredited scope."""
    return Text(
        f"Kết quả có dấu {OUTSIDE_MARK} nằm ngoài phạm vi được công nhận ({number}).",
        f"Results marked {OUTSIDE_MARK} lie outside the scope of accreditation ({number}).",
    )


def traceability_of(terminals: Sequence[TerminalFacts]) -> Text | None:
    """Return at what the paths above a calibration end, or None where they end nowhere."""
    ends = dict.fromkeys(_terminal(terminal) for terminal in terminals)
    return join(ends) if ends else None


def _terminal(terminal: TerminalFacts) -> Text:
    """Return an end in words: its kind, the day of the evaluation where one was needed, the entry or what it is."""
    words = _TERMINALS[terminal.kind]
    if terminal.kind in OUTSIDE_KINDS and terminal.evaluated_on is not None:
        day_vi, day_en = (printed_date(terminal.evaluated_on, one) for one in (Language.VIETNAMESE, Language.ENGLISH))
        words = Text(f"{words.vi} ngày {day_vi}", f"{words.english} on {day_en}")
    outside = terminal.kind is TerminalKind.NON_SI_REFERENCE
    reference = terminal.evidence_reference or (terminal.evidence if outside else "")
    return Text(f"{words.vi}: {reference}", f"{words.english}: {reference}") if reference else words


def traceability(terminals: Iterable[TerminalFacts]) -> Text:
    """Return the statement of traceability of the whole certificate.

    Ends outside the arrangements (ILAC-P10, 3a and 3b) and references outside the SI are named (7.8.2.1, 6.5.3).
    """
    stated = [terminal for terminal in terminals if terminal.kind in {*OUTSIDE_KINDS, TerminalKind.NON_SI_REFERENCE}]
    if not stated:
        return SI_TRACEABILITY
    other = any(terminal.kind is TerminalKind.NON_SI_REFERENCE for terminal in stated)
    said = join(dict.fromkeys(_terminal(terminal) for terminal in stated))
    base = OTHER_TRACEABILITY if other else SI_TRACEABILITY
    return Text(
        f"{base.vi} Trong đó có chuỗi liên kết kết thúc tại: {said.vi}.",
        f"{base.english} Among them a chain ends at: {said.english}.",
    )


def uncertainty(rows: Sequence[ResultRow]) -> Text:
    """Return how U is stated (7.8.4.1 a): k, the coverage probability, and where the factor comes from."""
    measured = [row for row in rows if row.value is not None]
    factors = {row.coverage_factor for row in measured}
    probabilities = {row.coverage_probability for row in measured}
    p_vi, p_en = (_probability(probabilities, language) for language in ("vi", "en"))
    if factors == {"2"}:
        return Text(
            "Độ không đảm bảo đo mở rộng U là tích của độ không đảm bảo đo chuẩn tổng hợp với hệ số phủ k = 2, ứng với "
            f"xác suất phủ {p_vi} của phân bố chuẩn; được đánh giá theo JCGM 100:2008.",
            "The expanded uncertainty U is the combined standard uncertainty multiplied by the coverage factor k = 2, "
            f"which for a normal distribution corresponds to a coverage probability of {p_en}; evaluated according to "
            "JCGM 100:2008.",
        )
    return Text(
        "Độ không đảm bảo đo mở rộng U là tích của độ không đảm bảo đo chuẩn tổng hợp với hệ số phủ k ghi trong bảng, "
        f"ứng với xác suất phủ {p_vi} của phân bố t với bậc tự do hiệu dụng; được đánh giá theo JCGM 100:2008.",
        "The expanded uncertainty U is the combined standard uncertainty multiplied by the coverage factor k given in "
        "the table, which for a t-distribution with the effective degrees of freedom corresponds to a coverage "
        f"probability of {p_en}; evaluated according to JCGM 100:2008.",
    )


def _probability(probabilities: set[str | None], language: str) -> str:
    known = [item for item in probabilities if item is not None]
    if len(known) == 1:
        return f"p = {probability_text(float(known[0]), language)}"
    return "p ghi trong bảng" if language == "vi" else "p given in the table"


def specification(agreed: AgreedSpecification) -> Text | None:
    """Return what the item was agreed to meet, or None where nothing was."""
    if agreed.kind is SpecificationKind.NONE:
        return None
    lead_vi = agreed.title_vi or (f"Cấp chính xác {agreed.accuracy_class}" if agreed.accuracy_class else "")
    lead_en = agreed.title_en or (f"Accuracy class {agreed.accuracy_class}" if agreed.accuracy_class else lead_vi)
    return Text(_specified(agreed, lead_vi, "vi"), _specified(agreed, lead_en, "en"))


def _specified(agreed: AgreedSpecification, lead: str, language: str) -> str:
    limits = limits_text(agreed, language)
    words = ": ".join(part for part in (lead, limits) if part)
    return f"{words} ({agreed.reference})" if agreed.reference else words


def limits_text(agreed: AgreedSpecification, language: str) -> str:
    """Return the agreed limits of the deviation, for example "±500 mg"; empty without limits."""
    unit = display_unit(agreed.unit) if agreed.unit else ""
    low, high = (None if limit is None else f"{limit:f}" for limit in (agreed.lower, agreed.upper))
    if low is not None and high is not None:
        if low == f"-{high}":
            return f"±{localise(high, language)} {unit}".rstrip()
        return f"{localise(low, language)} … {localise(high, language)} {unit}".rstrip()
    if high is not None:
        return f"≤ {localise(high, language)} {unit}".rstrip()
    return f"≥ {localise(low, language)} {unit}".rstrip() if low is not None else ""


def decision_rule(rule: DecisionRule) -> Text | None:
    """Return the agreed decision rule in words (7.8.6), or None where no statement of conformity was agreed."""
    if rule.kind is RuleKind.NONE:
        return None
    words = _rule_words(rule)
    vi, en = words.vi, words.english
    if rule.reference:
        vi, en = f"{vi} ({rule.reference})", f"{en} ({rule.reference})"
    if rule.agreed_on is not None:
        vi, en = (
            f"{vi}; thỏa thuận ngày {rule.agreed_on:%d/%m/%Y}",
            f"{en}; agreed on {printed_date(rule.agreed_on, Language.ENGLISH)}",
        )
    return Text(f"{vi}.", f"{en}.")


def _rule_words(rule: DecisionRule) -> Text:
    if rule.kind is RuleKind.OIML_R111:
        return Text(
            "Phù hợp khi U không lớn hơn một phần ba sai số cho phép lớn nhất và độ lệch không vượt quá sai số cho "
            "phép lớn nhất trừ U",
            "Conforms where U is at most one third of the maximum permissible error and the deviation does not exceed "
            "the maximum permissible error minus U",
        )
    if rule.kind is RuleKind.GUARD_BAND_U:
        return _guarded_words(rule)
    return Text(
        "Chấp nhận đơn giản: phù hợp khi sai số nằm trong giới hạn",
        "Simple acceptance: conforms where the error lies within the limits",
    )


def _guarded_words(rule: DecisionRule) -> Text:
    factor = Decimal(1) if rule.guard_factor is None else rule.guard_factor
    text = f"{abs(factor):f}"
    band_vi, band_en = ("U" if abs(factor) == 1 else f"{localise(text, language)}·U" for language in ("vi", "en"))
    if factor < 0:
        return Text(
            f"Loại bỏ có nới: không phù hợp khi sai số vượt giới hạn quá {band_vi}",
            f"Relaxed rejection: does not conform where the error lies beyond the limits by more than {band_en}",
        )
    if rule.statement is Statement.NON_BINARY:
        return Text(
            f"Dải bảo vệ {band_vi}, bốn kết luận: phù hợp trong giới hạn đã thu hẹp {band_vi}; phù hợp có điều kiện từ "
            f"đó đến giới hạn; không phù hợp có điều kiện khi vượt không quá {band_vi}; ngoài ra không phù hợp",
            f"Guard band {band_en}, four answers: pass within the limits narrowed by {band_en}; conditional pass from "
            f"there to the limits; conditional fail beyond the limits by at most {band_en}; otherwise fail",
        )
    return Text(
        f"Dải bảo vệ {band_vi}: phù hợp khi sai số nằm trong giới hạn đã thu hẹp một khoảng {band_vi} ở mỗi phía",
        f"Guard band {band_en}: conforms where the error lies within the limits narrowed by {band_en} on each side",
    )


def location(kind: str, address: Text, room: Text) -> Text:
    """Return where the work was done, with the room if one was named."""
    vi, en = (f", {name}" if name else "" for name in (room.vi, room.english))
    if kind == "laboratory":
        return Text(f"Tại phòng thí nghiệm{vi}: {address.vi}", f"At the laboratory{en}: {address.english}")
    return Text(f"Tại nơi của khách hàng{vi}: {address.vi}", f"At the customer's premises{en}: {address.english}")


def not_measurable(reason: str) -> Text:
    """Return what a row says in place of a result."""
    return Text(f"Không đo được: {reason}", f"Not measurable: {reason}")


def recorded(quantities: Sequence[RecordedFacts]) -> Text:
    """Return what was recorded at a point and enters no result, such as a zero shift."""
    said = [
        Text(
            f"{one.title_vi} (chỉ ghi nhận): {_figure(one, 'vi')}",
            f"{one.title_en} (recorded only): {_figure(one, 'en')}",
        )
        for one in quantities
    ]
    whole = join(said)
    return Text(f"{whole.vi}.", f"{whole.english}.")


def _figure(one: RecordedFacts, language: str) -> str:
    return f"{localise(one.reported_value, language)} {display_unit(one.reported_unit)}".rstrip()


def unread_cells(point: Text, count: int, reason: str) -> Text:
    """Return how a certificate says that some indications of a point could not be measured."""
    return Text(
        f"Tại điểm {point.vi} có {count} số chỉ không đo được, số lần đo và bậc tự do giảm theo: {reason}",
        f"At point {point.english} {count} indication(s) could not be measured, with n and the degrees of freedom "
        f"reduced accordingly: {reason}",
    )


def excluded_reading(point: Text, count: int, reason: str) -> Text:
    """Return how a certificate says that indications were left out."""
    return Text(
        f"Tại điểm {point.vi} đã loại {count} số chỉ, số lần đo và bậc tự do giảm theo: {reason}",
        f"At point {point.english} {count} indication(s) were excluded, with n and the degrees of freedom reduced "
        f"accordingly: {reason}",
    )
