"""What an address asks of a list, and what lists make of it: nothing is refused, nothing leaks, statements stay few."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.lists import ANY, Listed, ListRequest, PlainList, SqlList, every_word, parse_list
from lims.core.paging import LAST_PAGE
from lims.people.models import Organisation
from tests.factories.people import make_organisation


@dataclass(frozen=True)
class Row:
    """A row of a computed list."""

    name: str
    days: int | None
    due: str


ROWS = (Row("áp kế", 3, "soon"), Row("bể", None, "none"), Row("cân", -2, "overdue"), Row("dưỡng", 90, "later"))


def plain(request: ListRequest, size: int = 50) -> Listed[Row]:
    """The list of ROWS, answered."""
    return PlainList(
        rows=ROWS,
        sorts={"name": lambda row: row.name, "days": lambda row: row.days},
        sort="name",
        searched=lambda row: {"áp kế": "ap ke", "bể": "be", "cân": "can", "dưỡng": "duong"}[row.name],
        filters={
            "due": {"soon": lambda row: row.due == "soon", "overdue": lambda row: row.due == "overdue"},
            "known": {"1": lambda row: row.days is not None},
        },
    ).answer(request, size=size)


def names(listed: Listed[Row]) -> list[str]:
    return [row.name for row in listed.items]


def test_an_address_is_read() -> None:
    asked = parse_list(
        {"q": [" Áp  kế áp "], "state": ["draft", "", "draft", "done"], "sort": ["-name"], "page": ["3"]}
    )
    assert asked == ListRequest("Áp  kế áp", {"state": ("draft", "done")}, "-name", 3)
    assert asked.words == ["ap", "ke"]
    assert (asked.first("state"), asked.first("other")) == ("draft", "")


@pytest.mark.parametrize(
    ("page", "number"), [("0", 0), ("-1", 1), ("x", 1), ("", 1), ("٣", 1), ("99999999", LAST_PAGE), ("9" * 40, 1)]
)
def test_nonsense_in_an_address_is_the_first_page(page: str, number: int) -> None:
    assert parse_list({"page": [page]}).page == number


def test_what_is_too_much_is_cut() -> None:
    asked = parse_list({"q": ["w " * 900], "state": [str(number) for number in range(900)], "sort": ["s" * 900]})
    assert (len(asked.text), len(asked.chosen["state"]), len(asked.sort)) == (200, 50, 60)
    assert len(ListRequest(text=" ".join(f"w{number}" for number in range(90))).words) == 12


@pytest.mark.parametrize(
    ("value", "key"), [("12", 12), ("0", 0), ("-1", None), ("1e3", None), ("", None), ("9" * 30, None)]
)
def test_a_key_in_an_address_is_a_number_or_nothing(value: str, key: int | None) -> None:
    assert parse_list({"customer": [value]}).key("customer") == key


def test_values_of_one_filter_add_up_and_filters_narrow() -> None:
    assert names(plain(ListRequest(chosen={"due": ("soon", "overdue")}))) == ["cân", "áp kế"]
    assert names(plain(ListRequest(chosen={"due": ("soon",), "known": ("1",)}))) == ["áp kế"]
    assert names(plain(ListRequest(text="CÂN", chosen={"due": ("soon",)}))) == []


def test_unknown_names_values_and_orders_mean_nothing() -> None:
    listed = plain(ListRequest(chosen={"due": ("never",), "secret": ("1",)}, sort="password"))
    assert len(listed.items) == len(ROWS)
    assert (dict(listed.chosen), listed.sort, listed.narrowed) == ({}, "name", False)


def test_counts_say_what_a_chip_would_show() -> None:
    """A chip's number holds the words and the other filters, not its own filter."""
    listed = plain(ListRequest(chosen={"due": ("soon",), "known": ("1",)}))
    assert listed.counts == {"due": {"soon": 1, "overdue": 1}, "known": {"1": 1}}
    assert list(plain(ListRequest(text="be")).offered("due")) == []
    assert list(plain(ListRequest(text="be", chosen={"due": ("soon",)})).offered("due")) == [("soon", 0)]


def test_a_chip_is_switched_on_and_off() -> None:
    listed = plain(ListRequest(chosen={"due": ("overdue",)}))
    assert listed.toggled("due", "soon") == ["soon", "overdue"]
    assert listed.toggled("due", "overdue") == []


def test_what_has_no_value_comes_last_either_way() -> None:
    assert names(plain(ListRequest(sort="days")))[-1] == "bể"
    assert names(plain(ListRequest(sort="-days")))[-1] == "bể"
    assert names(plain(ListRequest(sort="-days")))[0] == "dưỡng"


def test_a_page_beyond_the_end_is_the_last_one() -> None:
    listed = plain(ListRequest(page=7), size=3)
    assert (listed.number, listed.pages, listed.first, listed.last, names(listed)) == (2, 2, 4, 4, ["áp kế"])


def organisations(session: Session, request: ListRequest) -> Listed[Organisation]:
    """A list that the database answers: customers unless all are asked for."""
    return SqlList(
        query=select(Organisation).select_from(Organisation).where(Organisation.country == "QQ"),
        key=Organisation.id,
        sorts={"name": (Organisation.sort_key,), "tax": (Organisation.tax_code,)},
        sort="name",
        searched=every_word(Organisation.search_text),
        filters={
            "kind": {"enterprise": Organisation.kind == "enterprise", "household": Organisation.kind == "household"},
            "show": {"upstream": Organisation.is_upstream.is_(True)},
        },
        unless={"show": Organisation.is_upstream.is_(False)},
    ).answer(session, request)


def test_the_database_filters_counts_and_sorts(session: Session) -> None:
    for name, kind, tax, upstream in (
        ("Chợ", "household", "2", False),
        ("Ắc quy", "enterprise", None, False),
        ("Viện", "enterprise", "1", True),
    ):
        make_organisation(session, name_vi=name, kind=kind, tax_code=tax, is_upstream=upstream, country="QQ")

    def found(request: ListRequest) -> list[str]:
        return [row.search_text.split()[0] for row in organisations(session, request).items]

    assert found(ListRequest()) == ["ac", "cho"]
    assert found(ListRequest(sort="tax")) == ["cho", "ac"]
    assert found(ListRequest(sort="-tax")) == ["cho", "ac"]
    assert found(ListRequest(chosen={"show": ("upstream",)})) == ["vien"]
    assert found(ListRequest(chosen={"show": (ANY,)})) == ["ac", "cho", "vien"]
    assert found(ListRequest(text="%")) == []
    listed = organisations(session, ListRequest(chosen={"kind": ("household",)}))
    assert (listed.total, listed.counts["kind"], listed.counts["show"]) == (
        1,
        {"enterprise": 1, "household": 1},
        {"upstream": 0},
    )
    for request, resting in (
        (ListRequest(), (True, 2)),
        (ListRequest(chosen={"kind": ("household",)}), (True, 1)),
        (ListRequest(chosen={"show": (ANY,)}), (False, 2)),
        (ListRequest(chosen={"show": ("upstream",)}), (False, 2)),
    ):
        assert organisations(session, request).resting == {"show": resting}
