"""People's notes on a day: on charts, checked, changed by few, with a history that stays."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.utils import InternalError
from django.http import Http404
from django.test import Client

from alarms.marks.actions import change_note, delete_note, restore_note, write_note
from alarms.marks.models import DayNote, DayNoteEntry
from core.periods import Period
from kpis.mark_registry import MarkQuery, collect_marks
from kpis.registry import get_metric
from team.models import Company, Role, User
from tests import make

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
DAY = date(2026, 3, 5)
YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))


def marked(metric: str, reader: User) -> list[str]:
    marks, _left_out = collect_marks(MarkQuery(get_metric(metric), YEAR, reader))
    return [mark.label for mark in marks]


def test_a_note_is_marked_on_its_metric_and_one_without_a_metric_on_all(company: Company, rep: User, cmo: User) -> None:
    write_note(by=rep, metric="leads", day=DAY, text="  The web site\n was down ")
    write_note(by=rep, metric="", day=DAY + timedelta(days=1), text="New prices")
    write_note(by=rep, metric="leads", day=date(2025, 12, 31), text="Earlier")
    assert marked("leads", cmo) == [f"The web site was down ({rep.name})", f"New prices ({rep.name})"]
    assert marked("revenue", cmo) == [f"New prices ({rep.name})"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"text": " \n "}, "The note is empty. Write what happened on this day."),
        ({"text": "x" * 201}, "The note has 201 characters. Use at most 200."),
        ({"day": date(1989, 12, 31)}, "is out of range. Use a day from Jan 1, 1990"),
        ({"day": date(2126, 1, 1)}, "is out of range."),
        ({"metric": "nothing"}, "The metric “nothing” does not exist."),
    ],
)
def test_a_note_that_cannot_be_is_refused_with_the_remedy(
    company: Company, rep: User, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError) as error:
        write_note(**{"by": rep, "metric": "leads", "day": DAY, "text": "A fair", **fields})
    assert message in " ".join(error.value.messages)
    assert not DayNote.objects.exists()


def test_its_author_the_leaders_and_ops_change_it_and_each_state_is_kept(
    company: Company, rep: User, ops: User, cmo: User
) -> None:
    note = write_note(by=rep, metric="leads", day=DAY, text="A fair")
    change_note(by=ops, note=note, metric="", day=DAY, text="A fair in Munich")
    change_note(by=ops, note=note, metric="", day=DAY, text="A fair in Munich")
    with pytest.raises(PermissionDenied):
        change_note(by=make.user(Role.REP), note=note, metric="", day=DAY, text="Mine")
    delete_note(by=cmo, note=note)
    delete_note(by=cmo, note=note)
    assert marked("leads", cmo) == []
    with pytest.raises(ValidationError):
        change_note(by=rep, note=note, metric="", day=DAY, text="Again")
    restore_note(by=rep, note=note)
    assert marked("revenue", rep) == [f"A fair in Munich ({rep.name})"]
    history = [(entry.verb, entry.text, entry.actor) for entry in note.entries.all()]
    assert history == [
        ("written", "A fair", rep),
        ("changed", "A fair in Munich", ops),
        ("deleted", "A fair in Munich", cmo),
        ("restored", "A fair in Munich", rep),
    ]


def test_the_history_is_never_rewritten(company: Company, rep: User) -> None:
    write_note(by=rep, metric="leads", day=DAY, text="A fair")
    with pytest.raises(InternalError, match="Cannot update or delete"):
        DayNoteEntry.objects.update(text="Another")


def test_a_deleted_note_is_only_there_for_those_who_may_restore_it(
    company: Company, rep: User, ops: User, as_user: SignIn
) -> None:
    note = write_note(by=rep, metric="leads", day=DAY, text="A fair")
    note = delete_note(by=rep, note=note)
    other = make.user(Role.REP)
    with pytest.raises(Http404):
        restore_note(by=other, note=note)
    assert as_user(other).get(f"/notes/{note.pk}/").status_code == 404
    assert as_user(other).get(f"/api/v1/day-notes/{note.pk}/").status_code == 404
    assert "Restore" in as_user(ops).get(f"/notes/{note.pk}/").content.decode()
    assert as_user(rep).get("/api/v1/day-notes/").json()["results"] == []


def test_a_note_is_added_without_javascript_and_the_metric_is_shown_as_before(
    company: Company, rep: User, as_user: SignIn
) -> None:
    client, address = as_user(rep), "/metrics/leads/notes/?period=last_year&grain=week"
    answer = client.post(address, {"day": "2026-03-05", "text": "<b>A fair</b>", "is_for_all": "on"})
    assert (answer.status_code, answer["Location"]) == (302, "/metrics/leads/?period=last_year&grain=week")
    note = DayNote.objects.get()
    assert (note.metric, note.text, note.author) == ("", "<b>A fair</b>", rep)
    assert "&lt;b&gt;A fair&lt;/b&gt;" in client.get(f"/notes/{note.pk}/").content.decode()
    refused = client.post(address, {"day": "2026-03-05", "text": " "})
    assert refused.status_code == 422
    assert "The note is empty." in refused.content.decode()
    assert "/metrics/leads/?period=last_year&amp;grain=week" in refused.content.decode(), "Cancel leads back"


def test_a_fault_is_shown_in_the_place_of_the_form_while_the_page_stays(
    company: Company, rep: User, as_user: SignIn
) -> None:
    answer = as_user(rep).post("/metrics/leads/notes/", {"day": "x", "text": "A fair"}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Retarget"], answer["HX-Reswap"]) == (422, "#day-note", "outerHTML")
    assert answer.content.decode().lstrip().startswith("<details")


def test_a_note_is_changed_and_deleted_on_its_page(company: Company, rep: User, as_user: SignIn) -> None:
    note, client = write_note(by=rep, metric="leads", day=DAY, text="A fair"), as_user(rep)
    assert client.post(f"/notes/{note.pk}/", {"day": "2026-03-06", "text": "A fair"}).status_code == 302
    note.refresh_from_db()
    assert (note.day, note.metric) == (date(2026, 3, 6), "leads")
    client.post(f"/notes/{note.pk}/delete/")
    assert not DayNote.objects.present().exists()


def test_the_api_writes_changes_deletes_and_restores(company: Company, rep: User, as_user: SignIn) -> None:
    client, body = as_user(rep), {"metric": "leads", "day": "2026-03-05", "text": "A fair"}
    created = client.post("/api/v1/day-notes/", body, content_type="application/json")
    assert created.status_code == 201
    address = f"/api/v1/day-notes/{created.json()['id']}/"
    changed = client.put(address, body | {"text": "Two fairs"}, content_type="application/json")
    assert changed.json()["text"] == "Two fairs"
    assert client.delete(address).status_code == 204
    assert client.post(f"{address}restore/").json()["deleted_at"] is None
    wrong = client.post("/api/v1/day-notes/", body | {"metric": "nothing"}, content_type="application/json")
    assert wrong.status_code == 400
