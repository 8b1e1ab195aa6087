"""A table without an id keeps every row that differs, and equal rows as a person says; the same file twice changes nothing."""

from collections import Counter as Count
from pathlib import Path

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from core.work import run_claimed
from crm.models import Lead, Opportunity, Touch
from imports import actions
from imports.files import blocks
from imports.files.sample import first_rows
from imports.inference.occurrences import RowCounter
from imports.models import ImportFile, ImportJob, Preview
from imports.parsing.notes import EQUAL_EACH, EQUAL_ONE, SAME_KEY
from imports.preview import mapping_page
from team.models import User
from tests.imports.importing import bring, checksums, queue

pytestmark = pytest.mark.slow

CLICKS = (
    "Created_On,Source,Sector\n2025-01-13,Email,IT\n2025-01-13,Email,SaaS\n2025-01-13,Email,SaaS\n2025-01-14,Paid,IT\n"
)
FORMS = (
    "Created Date,UTM Campaign,UTM Medium,Interest\n2025-01-13,spring,search,High\n2025-01-13,spring,search,Low\n"
    "2025-01-14,spring,search,Low\n2025-01-14,spring,search,Low\n"
)


def held(text: str, kind: str, choices: dict[str, str], user: User) -> ImportJob:
    """An upload that a person mapped by hand, counted."""
    run = queue({"table.csv": text}, waits=True, user=user)
    run_claimed(ImportJob, run.pk, budget=1e9)
    map_by_hand(run.files.get(), kind, choices, user)
    run_claimed(Preview, Preview.objects.get(run=run).pk, budget=1e9)
    return run


def map_by_hand(file: ImportFile, kind: str, choices: dict[str, str], user: User) -> None:
    draft = mapping_page.draft_of(file, first_rows(file), "shop", kind)
    draft.choices |= choices
    draft.id_column = ""
    tables = mapping_page.tables_from(draft, file, None)
    actions.map_file(file=file, source="shop", kind=kind, mappings=tables, user=user)


def confirm_import(run: ImportJob, user: User) -> ImportJob:
    run.refresh_from_db()
    actions.confirm_import(run=run, user=user)
    done = run_claimed(ImportJob, run.pk, budget=1e9)
    assert done is not None
    return done


TOUCH = {"Created_On": "field:happened_at", "Source": "link:campaign", "Sector": "custom:text"}
LEAD = {
    "Created Date": "field:created_at",
    "UTM Campaign": "link:campaign",
    "UTM Medium": "field:lead_source",
    "Interest": "custom:text",
}


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=40), st.integers(1, 7), st.booleans())
def test_no_row_that_differs_is_lost_however_a_file_is_cut(
    rows: list[tuple[int, int]], size: int, is_each: bool
) -> None:
    counter, found, repeats = RowCounter(is_each), [], 0
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        keys, contents = (np.array([row[place] for row in part], np.uint64) for place in (0, 1))
        numbers, repeated = counter.number_rows(keys, contents)
        found += [(key, int(number)) for (key, _), number in zip(part, numbers, strict=True)]
        repeats += int(repeated.sum())
    assert len(set(found)) == (len(rows) if is_each else len(set(rows)))
    assert repeats == len(rows) - len(set(rows))
    counts = Count(key for key, _ in (found if is_each else set(found)))
    assert all({number for one, number in found if one == key} == set(range(1, counts[key] + 1)) for key in counts)


@pytest.mark.django_db
def test_equal_clicks_are_each_a_touch_and_the_preview_says_how_many(ops: User) -> None:
    run = held(CLICKS, "touch", TOUCH, ops)
    figures = run.files.get().preview
    assert figures["kinds"]["touch"]["created"] == 4
    assert figures["notes"][EQUAL_EACH]["rows"] == 1
    done = confirm_import(run, ops)
    assert (Touch.objects.count(), done.files.get().notes[EQUAL_EACH]["rows"]) == (4, 1)
    before = checksums()
    again = bring({"table.csv": CLICKS})
    assert (again.counts["unchanged"], checksums()) == (4, before)


@pytest.mark.django_db
def test_equal_rows_can_be_said_to_be_one(client: Client, ops: User) -> None:
    run = held(CLICKS, "touch", TOUCH, ops)
    client.force_login(ops)
    page = client.get(reverse("import_run", args=[run.pk])).content.decode()
    assert "1 row without an id equal" in page
    assert "Count equal rows as one record" in page
    file = run.files.get()
    client.post(reverse("answer_file", args=[run.pk, file.pk]), {"rows": "one"})
    run_claimed(Preview, Preview.objects.get(run=run).pk, budget=1e9)
    file.refresh_from_db()
    assert (file.preview["notes"][EQUAL_ONE]["rows"], file.preview["kinds"]["touch"]["repeated"]) == (1, 1)
    confirm_import(run, ops)
    assert Touch.objects.count() == 3


@pytest.mark.django_db
def test_rows_that_differ_in_a_kept_or_left_out_column_are_never_merged(ops: User) -> None:
    run = held(FORMS, "lead", LEAD, ops)
    confirm_import(run, ops)
    assert sorted(Lead.objects.values_list("custom__Interest", flat=True)) == ["High", "Low", "Low"]  # two are equal
    run = held(FORMS.replace("Interest", "Wish"), "lead", {**LEAD, "Wish": "out"}, ops)
    file = run.files.get()
    assert file.preview["kinds"]["lead"]["created"] + file.preview["kinds"]["lead"]["unchanged"] == 3
    assert file.preview["notes"][SAME_KEY]["rows"] == 1


@pytest.mark.django_db
def test_deals_of_a_report_without_ids_that_share_name_account_and_day_are_all_kept() -> None:
    text = (
        "Opportunity Name,Account Name,Stage,Amount,Close Date,Created Date\n"
        "Renewal,Ash Ltd,Closed Won,100,2025-03-01,2025-01-10\nRenewal,Ash Ltd,Closed Won,250,2025-03-01,2025-01-10\n"
        "Renewal,Ash Ltd,Closed Won,250,2025-03-01,2025-01-10\n"
    )
    run = bring({"report.csv": text})
    assert sorted(Opportunity.objects.values_list("amount", flat=True)) == [100, 250]
    notes = run.files.get().notes
    assert (notes[SAME_KEY]["rows"], notes[EQUAL_ONE]["rows"], run.counts["repeated"]) == (1, 1, 1)
    before = checksums()
    assert bring({"report.csv": text}).counts["unchanged"] == 2
    assert checksums() == before


@pytest.mark.django_db
@pytest.mark.parametrize("is_kept", [True, False])
def test_numbers_go_on_from_block_to_block_and_after_a_stop(
    ops: User, monkeypatch: pytest.MonkeyPatch, is_kept: bool
) -> None:
    from imports.inference import occurrences

    if not is_kept:
        monkeypatch.setattr(occurrences.RowNumbering, "save_block", lambda self, start, end: None)
    monkeypatch.setattr(blocks, "BLOCK", 64)
    text = "Created_On,Source,Sector\n" + "2025-01-13,Email,SaaS\n" * 7
    run = held(text, "touch", TOUCH, ops)
    run.refresh_from_db()
    actions.confirm_import(run=run, user=ops)
    for _ in range(100):
        row = run_claimed(ImportJob, run.pk, budget=0)  # one step a turn, each by another worker
        if row is not None and row.is_over:
            break
    assert Touch.objects.count() == 7


@pytest.mark.django_db
def test_the_command_takes_what_equal_rows_are(tmp_path: Path) -> None:
    from io import StringIO

    from django.core.management import call_command

    path = tmp_path / "activities.csv"
    path.write_text("Activity,Owner,Happened at,Subject\n" + "Call,ann@example.com,2025-03-31 14:30,Ring\n" * 2)
    out = StringIO()
    call_command("import_crm", str(path), equal_rows="one", stdout=out)
    assert "Equal rows are one record" in out.getvalue()
