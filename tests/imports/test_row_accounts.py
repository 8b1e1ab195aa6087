"""Each row of a file is created, updated, unchanged, refused or left out, with a reason; every surface tells the same numbers."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.work import run_claimed
from imports.management.commands import import_crm
from imports.models import ImportFile, ImportJob, Preview, RowError
from imports.parsing.notes import LEFT_OUT
from imports.preview.summary import summarise_preview
from tests.imports.importing import bring, queue

LEADS = ["Id", "LastName", "Company", "Status", "Email", "CreatedDate", "IsDeleted", "LastModifiedDate"]
SPEND = ["Date", "Side", "Category", "Amount", "Description"]
KINDS = ["good", "good", "good", "again", "bad", "deleted", "blank", "subtotal", "short", "older"]
NOTHING = [""]


def lead(kind: str, number: int) -> list[str]:
    row = [
        f"L{number}",
        f"Ode {number}",
        "Elm",
        "New",
        f"n{number}@x.example",
        "2026-01-02",
        "0",
        "2026-03-02 10:00:10",
    ]
    return {
        "again": ["L0", "Ode", "Elm", "New", "", "2026-01-02", "0", "2026-03-03 10:00:10"],
        "bad": [*row[:5], "no day", *row[6:]],
        "deleted": [f"L{number % 3}", *row[1:6], "1", row[7]],
        "older": ["L1", *row[1:7], "2020-01-01 10:00:10"],
        "blank": [""] * len(row),
        "subtotal": ["Subtotal", "", "", "", "", "", "", f"{number}"],
        "short": row[:3],
    }.get(kind, row)


def spend(kind: str, number: int) -> list[str]:
    row = [f"2026-01-{number % 28 + 1:02}", "Marketing", "Lead generation", f"{number}.50", "Stand"]
    return {
        "again": ["2026-01-01", "Marketing", "Lead generation", "7.50", "Fair"],
        "bad": ["2026-01-01", "Nobody", *row[2:]],
        "blank": [""] * len(row),
        "subtotal": ["Subtotal", "", "", f"{number}", ""],
        "short": row[:3],
    }.get(kind, row)


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, str, int]:
    """Return (name, text, rows that hold something) of a table with or without ids."""
    has_ids, repeats_header = draw(st.booleans()), draw(st.booleans())
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=14))
    name, header, make_row = ("Lead.csv", LEADS, lead) if has_ids else ("spend.csv", SPEND, spend)
    rows = [make_row(kind, number) for number, kind in enumerate(kinds)]
    if repeats_header:
        header = [*header, draw(st.sampled_from(header[1:]))]
        rows = [
            [*row, row[1] if row[0] not in {"", "Subtotal"} else ""] if len(row) == len(header) - 1 else row
            for row in rows
        ]
    text = "\n".join(",".join(row) for row in [header, *rows]) + "\n"
    return name, text, sum(any(row) for row in rows)


def check_rows(file: ImportFile, rows: int) -> dict[str, int]:
    """Check that the numbers of a file add up to its rows, and return those that every surface tells."""
    counts = next(iter(file.counts.values()), {})
    below = file.notes.get("rows below the table", {}).get("rows", 0)
    assert file.rows + below == rows
    taken = {name: counts.get(name, 0) for name in ("created", "updated", "unchanged")}
    left_out = file.dropped + sum(counts.get(name, 0) for name in ("repeated", "duplicates", "older"))
    assert sum(taken.values()) + file.rejected + left_out == file.rows
    assert sum(file.notes.get(reason, {}).get("rows", 0) for reason in LEFT_OUT) == file.dropped
    assert RowError.objects.filter(file=file).exclude(reason="").count() == file.rejected
    return {"rows": file.rows, **taken, "rejected": file.rejected, "left_out": left_out}


def told_by_command(path: Path) -> dict[str, int]:
    out = io.StringIO()
    call_command("import_crm", str(path), "--currency", "EUR", stdout=out, stderr=io.StringIO())
    line = out.getvalue().strip().splitlines()[-1]
    words = {"rows": "rows:", "left_out": "left out"}
    names = ("rows", "created", "updated", "unchanged", "rejected", "left_out")
    found = {name: re.search(rf"([\d,]+) {words.get(name, name)}", line) for name in names}
    return {name: int(match[1].replace(",", "")) if match else 0 for name, match in found.items()}


def told_by_page(client: Client, run: ImportJob) -> dict[str, int]:
    answer = client.get(f"/imports/{run.pk}/")
    assert answer.status_code == 200, (answer.status_code, answer.headers)
    page = answer.content.decode()
    sentence = re.search(r'<p class="sentence">(.*?)</p>', page)
    assert sentence
    words = {
        "rows": r"rows? read",
        "created": "new",
        "updated": "changed",
        "unchanged": "the same as before",
        "rejected": r"rows? (?:was|were) refused",
    }
    found = {name: re.search(rf"([\d,]+) {pattern}", sentence[1]) for name, pattern in words.items()}
    left_out = sum(int(number) for number in re.findall(r"(\d+) rows? left out", sentence[1]))
    return {**{name: int(match[1]) if match else 0 for name, match in found.items()}, "left_out": left_out}


def told_by_api(client: Client, run: ImportJob) -> dict[str, int]:
    answer = client.get(f"/api/v1/imports/{run.pk}/").json()
    rows = client.get("/api/v1/refused_rows/", {"file": run.files.get().pk}).json()["results"]
    assert sum(bool(row["reason"]) for row in rows) == answer["rejected"]
    names = ("rows", "created", "updated", "unchanged", "rejected", "left_out")
    return {name: answer[name] for name in names}


def told_by_preview(name: str, text: str) -> dict[str, int]:
    run = run_claimed(ImportJob, queue({name: text}, currency="EUR", waits=True).pk, budget=1e9)
    assert isinstance(run, ImportJob)
    assert run.is_held
    run_claimed(Preview, Preview.objects.get(run=run).pk, budget=1e9)
    seen = summarise_preview(run, list(run.files.all()))
    names = ("rows", "created", "updated", "unchanged", "rejected")
    return {**{one: getattr(seen.totals, one) for one in names}, "left_out": seen.left_out}


@pytest.mark.django_db
@given(table=tables())
@settings(
    max_examples=12, phases=[Phase.explicit, Phase.generate], deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
def test_rows_add_up_and_preview_page_command_and_api_tell_the_same(
    table: tuple[str, str, int], client: Client, ops: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_crm, "_worker_answers", lambda: False)
    client.force_login(ops)
    name, text, rows = table
    path = tmp_path / name
    path.write_text(text)
    with transaction.atomic():
        if name == "Lead.csv":
            known = "\n".join(",".join(lead("good", number)) for number in range(3))
            bring({name: ",".join(LEADS) + f"\n{known}\n"}, currency="EUR")
        previewed = told_by_preview(name, text)
        commanded: dict[str, int] | None = None
        try:
            commanded = told_by_command(path)
        except CommandError:
            assert rows == 0
        run = ImportJob.objects.latest("pk")
        expected = check_rows(run.files.get(), rows)
        assert commanded is None or commanded == expected
        assert told_by_page(client, run) == expected
        assert told_by_api(client, run) == expected
        assert previewed == expected
        transaction.set_rollback(True)
