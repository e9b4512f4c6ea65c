"""Vietnamese text: stored composed, searched without marks, sorted in the order of the alphabet."""

from __future__ import annotations

import unicodedata

from lims.core.text import fold, normalise, person_sort_key, search_text, sort_key


def test_stored_text_is_composed() -> None:
    decomposed = unicodedata.normalize("NFD", "Quả cân chuẩn")
    assert normalise(f"  {decomposed}\x00\r\n") == "Quả cân chuẩn"


def test_search_ignores_marks_and_case() -> None:
    assert fold("Đồng hồ  NƯỚC") == "dong ho nuoc"
    assert "dong ho nuoc" in search_text("Đồng hồ nước lạnh", None, "DN15")


def test_letters_follow_the_vietnamese_alphabet() -> None:
    words = ["da", "đa", "ea", "êa", "ăn", "an", "ân", "bò", "ca", "ơn", "ôn", "on", "ưa", "ua"]
    expected = ["an", "ăn", "ân", "bò", "ca", "da", "đa", "ea", "êa", "on", "ôn", "ơn", "ua", "ưa"]
    assert sorted(words, key=sort_key) == expected


def test_tones_come_after_letters() -> None:
    assert sorted(["mạ", "mã", "má", "mả", "mà", "ma", "mai"], key=sort_key) == [
        "ma",
        "mà",
        "mả",
        "mã",
        "má",
        "mạ",
        "mai",
    ]


def test_names_sort_by_the_given_name() -> None:
    assert sorted(["Trần Văn Bình", "Lê Thị An", "Đỗ Đức Đạt", "Vũ An"], key=person_sort_key) == [
        "Lê Thị An",
        "Vũ An",
        "Trần Văn Bình",
        "Đỗ Đức Đạt",
    ]
