"""The paper says what the content holds, on every page its number, and the same bytes every time."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from certificates import document
from certificates.content import CertificateContent, Identification, Language, Relation, Text
from certificates.document import folders_digest, render_html, render_pdf, template_digest, template_folders
from certificates.rendering import render_apart
from lims.core.errors import IntegrityFailure, NotFound
from tests.certificates.papers import pages_of, text_of
from tests.factories.certificates import make_content, make_long_content, make_rendering, make_row, make_run

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def paper() -> bytes:
    return render_pdf(make_content(), make_rendering())


def test_the_published_result_is_printed(paper: bytes) -> None:
    text = text_of(paper)
    assert "10 kg + 25 mg" in text
    assert "59 mg" in text
    assert "k = 2" in text
    assert "p = 95,45 %" in text


@pytest.mark.parametrize(
    ("clause", "words"),
    [
        ("7.8.2.1 a", "GIẤY CHỨNG NHẬN HIỆU CHUẨN"),
        ("7.8.2.1 a", "CALIBRATION CERTIFICATE"),
        ("7.8.2.1 b", "Trung tâm Kỹ thuật Tiêu chuẩn Đo lường Chất lượng tỉnh Mẫu"),
        ("7.8.2.1 b", "Sample Ward 1, Sample Province"),
        ("7.8.2.1 c", "Phòng khối lượng, tại phòng thí nghiệm"),
        ("7.8.2.1 d", "HC-TM-2026-00012"),
        ("7.8.2.1 d", "Hết giấy chứng nhận số HC-TM-2026-00012"),
        ("7.8.2.1 e", "Công ty TNHH Cơ khí Mẫu"),
        ("7.8.2.1 e", "Mã số thuế / Tax code: 0000000009"),
        ("7.8.2.1 f", "HC-KL-01"),
        ("7.8.2.1 f", "EA-4/02 M:2022, S2"),
        ("7.8.2.1 g", "QC-2024-117"),
        ("7.8.2.1 g", "Sạch, không trầy xước"),
        ("7.8.2.1 h", "18/11/2026"),
        ("7.8.2.1 i", "19/11/2026 – 20/11/2026"),
        ("7.8.2.1 j", "21/11/2026"),
        ("7.8.2.1 k", "No sampling was carried out."),
        ("7.8.2.1 l", "The results relate only to the items named above"),
        ("7.8.2.1 m", "Khối lượng quy ước"),
        ("7.8.2.1 n", "Sai khác so với phương pháp"),
        ("7.8.2.1 o", "Giám đốc 01"),
        ("7.8.2.1 p", "All results were obtained by the laboratory itself."),
        ("7.8.4.1 a", "xác suất phủ p = 95,45 %"),
        ("7.8.4.1 b", "(20,1 ÷ 20,4) °C"),
        ("7.8.4.1 c", "V26.00123"),
        ("7.8.4.1 c", "metrologically traceable to the International System of Units"),
        ("7.8.4.1 d", "Không hiệu chỉnh."),
        ("7.8.4.1 e", "Không công bố sự phù hợp."),
        ("group 2", "không thay thế cho kiểm định"),
    ],
)
def test_every_clause_is_on_the_paper(paper: bytes, clause: str, words: str) -> None:
    assert words in text_of(paper), clause


def test_every_page_carries_the_number_and_its_place() -> None:
    pages = pages_of(render_pdf(make_long_content(), make_rendering()))
    assert len(pages) >= 3
    for place, text in enumerate(pages, start=1):
        assert "HC-TM-2026-00012" in text
        assert f"Trang / Page {place} / {len(pages)}" in text


def test_a_long_table_repeats_its_head_and_leaves_no_row_alone() -> None:
    content = make_long_content(rows=75)
    pages = pages_of(render_pdf(content, make_rendering()))
    points = [f" {row.point.vi} " for row in content.rows()]
    counts = [sum(point in f" {text} " for point in points) for text in pages]
    with_rows = [(text, count) for text, count in zip(pages, counts, strict=True) if count]
    assert sum(counts) == len(points)
    assert len(with_rows) >= 2
    for text, count in with_rows:
        assert "Điểm đo" in text
        assert count >= 3


@pytest.mark.parametrize("rows", [1, 34, 36, 38, 40])
def test_rows_at_a_page_break_stay_in_company(rows: int) -> None:
    content = make_long_content(rows=rows)
    pages = pages_of(render_pdf(content, make_rendering()))
    counts = [sum(f" {row.point.vi} " in f" {text} " for row in content.rows()) for text in pages]
    assert all(count >= min(rows, 3) for count in counts if count)


def test_the_statement_of_uncertainty_stands_with_the_last_rows() -> None:
    for rows in (35, 37):
        content = make_long_content(rows=rows)
        pages = pages_of(render_pdf(content, make_rendering()))
        last = f" {content.rows()[-1].point.vi} "
        place = next(index for index, text in enumerate(pages) if "Độ không đảm bảo đo mở rộng U là tích" in text)
        assert last in pages[place]


def test_the_signature_block_never_breaks() -> None:
    for rows in (1, 12, 24, 36):
        pages = pages_of(render_pdf(make_long_content(rows=rows), make_rendering()))
        holding = [text for text in pages if "Người thực hiện" in text]
        assert len(holding) == 1
        assert "Người phê duyệt" in holding[0]
        assert "Giám đốc 01" in holding[0]
        assert "Hết giấy chứng nhận" in holding[0]


def test_english_alone_uses_points_and_no_vietnamese_labels() -> None:
    text = text_of(render_pdf(make_content(language=Language.ENGLISH), make_rendering()))
    assert "95.45 %" in text
    assert "95,45" not in text
    assert "20.1 to 20.4 °C" in text
    assert "Calibration certificate".upper() in text
    assert "Khách hàng" not in text
    assert "Page 1 / 2" in text


def test_vietnamese_alone_has_no_english_labels() -> None:
    text = text_of(render_pdf(make_content(language=Language.VIETNAMESE), make_rendering()))
    assert "Customer" not in text
    assert "Trang 1 / " in text


def test_the_paper_is_tagged_archival_and_says_its_language_and_title(paper: bytes) -> None:
    reader = PdfReader(io.BytesIO(paper))
    root: Any = reader.trailer["/Root"]
    assert bool(root["/MarkInfo"]["/Marked"])
    assert root["/Lang"] == "vi"
    assert "/StructTreeRoot" in root
    assert reader.metadata is not None
    assert reader.metadata.title == "Giấy chứng nhận hiệu chuẩn HC-TM-2026-00012"
    assert reader.metadata.creation_date == datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
    xmp = bytes(root["/Metadata"].get_data())
    assert b"pdfaid:part" in xmp
    assert b'"3"' in xmp or b">3<" in xmp


def test_every_font_is_in_the_file(paper: bytes) -> None:
    reader = PdfReader(io.BytesIO(paper))
    names = set()
    for page in reader.pages:
        resources: Any = page["/Resources"]
        for font in resources["/Font"].values():
            described = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
            assert "/FontFile2" in described or "/FontFile3" in described
            names.add(str(described["/FontName"]))
    assert all("Noto" in name for name in names), names


def test_the_same_content_gives_the_same_bytes(paper: bytes) -> None:
    assert render_pdf(make_content(), make_rendering()) == paper


def test_another_process_gives_the_same_bytes(paper: bytes) -> None:
    assert (
        hashlib.sha256(render_apart(make_content(), make_rendering())).hexdigest() == hashlib.sha256(paper).hexdigest()
    )


def test_another_hash_seed_gives_the_same_bytes(paper: bytes) -> None:
    program = (
        "import hashlib; from certificates.document import render_pdf;"
        "from tests.factories.certificates import make_content, make_rendering;"
        "print(hashlib.sha256(render_pdf(make_content(), make_rendering())).hexdigest())"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == hashlib.sha256(paper).hexdigest()


def test_a_draft_says_so_and_has_neither_number_nor_code() -> None:
    text = text_of(render_pdf(make_content(), make_rendering(draft=True)))
    assert "BẢN NHÁP" in text
    assert "HC-TM-2026-00012" not in text
    html, picture = render_html(make_content(), make_rendering(draft=True))
    assert picture == b""
    assert "<img" not in html


def test_an_amendment_names_what_it_amends_and_why() -> None:
    content = make_content(
        identification=Identification("HC-TM-2026-00012", 2, "PYC-1"),
        relation=Relation("amends", "HC-TM-2026-00012", date(2026, 11, 21), Text("Sai số chế tạo", "Wrong serial")),
    )
    text = text_of(render_pdf(content, make_rendering()))
    assert "HC-TM-2026-00012.R1" in text
    assert "Sửa đổi giấy chứng nhận số HC-TM-2026-00012 ngày 21/11/2026" in text
    assert "amends certificate No. HC-TM-2026-00012 of 21/11/2026" in text
    assert "Wrong serial" in text


def test_before_and_after_adjustment_both_stand_with_their_words() -> None:
    table = make_run().results[0]
    run = make_run(
        results=(table, replace(table, phase="as_left", rows=(make_row(value="5"),))),
        adjustment=Text("Bù khối lượng", "Mass added"),
    )
    text = text_of(render_pdf(make_content(runs=(run,)), make_rendering()))
    assert "trước hiệu chỉnh" in text
    assert "sau hiệu chỉnh" in text
    assert "10 kg + 5 mg" in text
    assert "Bù khối lượng" in text


def test_a_point_that_could_not_be_measured_says_why() -> None:
    row = make_row(value=None, remark=Text("Không đo được: kẹt kim", "Not measurable: stuck pointer"))
    run = make_run(results=(replace(make_run().results[0], rows=(make_row(), row)),))
    text = text_of(render_pdf(make_content(runs=(run,)), make_rendering()))
    assert "Không đo được: kẹt kim" in text


def test_a_missing_template_version_is_refused() -> None:
    with pytest.raises(NotFound):
        render_pdf(make_content(), make_rendering(template_version=99))


def test_the_template_digest_sees_every_change(tmp_path: Path) -> None:
    shutil.copytree(document.DOCUMENTS, tmp_path, dirs_exist_ok=True)
    folders = [tmp_path / folder.name for folder in template_folders(2)]
    assert folders_digest(folders) == template_digest(2)
    first, own = folders[1] / "certificate.html", folders[0] / "certificate.css"
    for file in (first, own):
        text = file.read_text(encoding="utf-8")
        file.write_text(text + " ", encoding="utf-8")
        assert folders_digest(folders) != template_digest(2)
        file.write_text(text, encoding="utf-8")
    hidden = folders[1] / "certificate.css"
    hidden.write_text("", encoding="utf-8")
    assert folders_digest(folders) == template_digest(2)
    assert folders_digest(folders[1:]) != template_digest(1)


def test_the_first_template_version_is_as_it_was_when_it_was_used() -> None:
    assert template_digest(1) == "f281e1f2151d6ae56e4a51aa19f742333d2d02d4888a42be2f0f2fa327ac2cdc"


def test_a_renderer_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    broken: CertificateContent = make_content()
    with pytest.raises(IntegrityFailure, match="render_failed"):
        render_apart(broken, make_rendering(template_version=99))


def test_a_renderer_that_hangs_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certificates.rendering.TIMEOUT_S", 0.01)
    with pytest.raises(IntegrityFailure, match="render_timeout"):
        render_apart(make_content(), make_rendering())
