"""The register's pages: files with safe headers, entries, movements, labels and scans, statements that stay few."""

from __future__ import annotations

import io
from datetime import date

import pytest
from sqlalchemy import event

from standards import queries, services
from standards.register_facts import AddFile, EntryKind, FileKind, MovementKind, RecordEntry, RecordMovement
from tests.factories import standards as make
from tests.lims.web_client import post
from tests.standards.acting import NOW
from tests.standards.scene import Scene
from tests.standards.test_register import PDF, png

TODAY = date(2026, 3, 2)


def keep(scene: Scene, times: int) -> None:
    """Keep several of everything beside the standard."""
    actor = make.recorder(scene.laboratory_id)
    instrument_id = scene.standard.instrument_id
    with scene.database.transaction() as session:
        for number in range(times):
            photograph = AddFile(instrument_id, FileKind.PHOTOGRAPH, "a.png", png(3 + number), f"Ảnh {number}")
            first = services.add_file(session, actor, photograph, now=NOW)
            manual = AddFile(instrument_id, FileKind.MANUAL, "a.pdf", PDF, f"Sách {number}", "vi")
            services.add_file(session, actor, manual, now=NOW)
            again = AddFile(instrument_id, FileKind.PHOTOGRAPH, "b.png", png(40), "Mới", replaces_id=first.id)
            services.add_file(session, actor, again, now=NOW)
            seal = RecordEntry(instrument_id, EntryKind.SAFEGUARD, "Niêm phong", TODAY, means="seal", identifier="1")
            before = services.record_entry(session, actor, seal, now=NOW)
            later = RecordEntry(
                instrument_id, EntryKind.SAFEGUARD, "Niêm phong", TODAY, means="seal", replaces_id=before.id
            )
            services.record_entry(session, actor, later, now=NOW)
            body = make.make_body(session, f"Viện {number}").id
            sent = RecordMovement(
                scene.standard.id, MovementKind.SENT, TODAY, organisation_id=body, reason="x", expected_on=TODAY
            )
            services.record_movement(session, actor, sent, now=NOW)
            back = RecordMovement(scene.standard.id, MovementKind.RECEIVED, TODAY, condition="tốt")
            services.record_movement(session, actor, back, now=NOW)


def pages(scene: Scene) -> list[str]:
    standard, instrument = f"/standards/{scene.standard.id}", f"/instruments/{scene.standard.instrument_id}"
    return [
        standard,
        instrument,
        f"{instrument}/files",
        f"{instrument}/equipment",
        f"{standard}/movements",
        f"{standard}/edit",
        f"{standard}/label",
        f"{standard}/label?size=40x20",
        "/standards/labels?skip=5",
        "/standards/import",
        "/standards?back=late",
    ]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_shows_what_is_kept_in_both_languages(scene: Scene, language: str) -> None:
    keep(scene, 1)
    client = scene.sign_in(language=language)
    for page in pages(scene):
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert f'lang="{language}"' in answer.text


def test_the_statements_of_a_page_do_not_grow_with_what_is_kept(scene: Scene) -> None:
    client = scene.sign_in()
    counted: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        counted.append(statement)

    numbers: list[dict[str, int]] = []
    for _ in range(2):
        keep(scene, 1 if not numbers else 4)
        event.listen(scene.database.engine, "before_cursor_execute", count)
        taken = {}
        for page in (*pages(scene)[:5], "/standards"):
            client.get(page)
            counted.clear()
            client.get(page)
            taken[page] = len(counted)
        event.remove(scene.database.engine, "before_cursor_execute", count)
        numbers.append(taken)
    assert numbers[0] == numbers[1]


def test_files_are_given_out_as_they_came_and_run_nothing(scene: Scene) -> None:
    client = scene.sign_in()
    address = f"/instruments/{scene.standard.instrument_id}/files"
    sent = {"kind": "photograph", "title": "Mặt trước", "file": (io.BytesIO(png()), 'x"><script>.png')}
    assert post(client, address, sent).status_code == 303
    with scene.database.reading() as session:
        (file,) = queries.beside(session, scene.standard.instrument_id).photographs
    answer = client.get(f"/instruments/files/{file.id}")
    assert (answer.data, answer.mimetype) == (png(), "image/png")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "<script>" not in answer.headers["Content-Disposition"]
    wrong = {"kind": "photograph", "title": "Sách", "file": (io.BytesIO(PDF), "photo.png")}
    refused = post(client, address, wrong)
    assert refused.status_code == 422
    assert "no whole picture" in refused.text
    assert "Sách" in refused.text, "what was typed stays"
    nothing = post(client, address, {"kind": "manual", "title": "Sách"})
    assert "Choose a file" in nothing.text


def test_a_standard_is_sent_and_received_on_its_page(scene: Scene) -> None:
    client = scene.sign_in()
    address = f"/standards/{scene.standard.id}/movements"
    nobody = post(client, address, {"kind": "sent", "moved_on": "02/03/2026", "reason": "Hiệu chuẩn"})
    assert nobody.status_code == 422
    assert "Say who has it" in nobody.text
    sent = {"kind": "sent", "moved_on": "20/02/2026", "reason": "x", "holder": "Bà Mẫu", "expected_on": "28/02/2026"}
    assert post(client, address, sent).status_code == 303
    assert "should have been back on 28 Feb 2026" in client.get(f"/standards/{scene.standard.id}").text
    assert "back was due 28 Feb 2026" in client.get("/standards?back=late").text
    back = {"kind": "received", "moved_on": "02/03/2026", "condition": "Nguyên niêm phong"}
    assert post(client, address, back).status_code == 303
    assert "awaiting acceptance" in client.get(f"/standards/{scene.standard.id}").text


def test_the_code_on_a_label_leads_to_the_standard(scene: Scene) -> None:
    client = scene.sign_in()
    with scene.database.reading() as session:
        token = queries.instrument_facts(session, scene.standard.instrument_id).token
    page = f"/standards/{scene.standard.id}"
    assert client.get(f"/s/{token}").location == page
    assert client.get("/s/" + "x" * 22).status_code == 404
    found = client.get("/search", query_string={"q": f"http://localhost:8080/s/{token}"})
    assert found.location == page


def test_who_only_looks_changes_nothing(scene: Scene) -> None:
    technician = scene.sign_in("technician")
    standard = f"/standards/{scene.standard.id}"
    assert post(technician, f"{standard}/movements", {"kind": "moved"}).status_code == 403
    assert post(technician, f"{standard}/edit", {"level": "x"}).status_code == 403
    assert "Record a movement" not in technician.get(f"{standard}/movements").text
