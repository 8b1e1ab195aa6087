"""A settled month that changes later is listed once, with before, after and what changed it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agreements.actions import draft_version, propose_version, sign_version
from agreements.models import Version
from alarms.restated import detection
from alarms.restated.causes import Span, find_causes, tables_behind
from alarms.restated.detection import list_restated
from alarms.restated.models import ComparedSet, Restatement
from core.periods import month_end
from core.work import State
from crm.models import ExchangeRate
from crm.rates.exchange_rates import MANUAL_SOURCE
from facts.steps import ordered_steps
from imports.models import ImportFile, ImportJob, Undo
from kpis.models import MetricSnapshot, SnapshotSet
from kpis.registry import get_metric
from team.models import Company, User
from tests import make

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
MONDAY = datetime(2026, 6, 15, 4, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
MARCH = date(2026, 3, 1)


def take_set(as_of: datetime, *rows: tuple[str, date, int | str | None]) -> SnapshotSet:
    """Keep figures of months as the step before does: of a day only the last set stays."""
    taken = SnapshotSet.objects.create(as_of=as_of, local_day=as_of.date())
    for metric, start, value in rows:
        MetricSnapshot.objects.create(
            set=taken, metric=metric, starts_on=start, ends_on=month_end(start), n=10, currency="EUR",
            value=None if value is None else Decimal(value),
        )  # fmt: skip
    SnapshotSet.objects.filter(local_day=taken.local_day).exclude(pk=taken.pk).delete()
    return taken


def compare(as_of: datetime, *rows: tuple[str, date, int | str | None]) -> int:
    take_set(as_of, *rows)
    return list_restated()


def listed() -> list[tuple[str, date, float | None, float | None]]:
    rows = Restatement.objects.order_by("after_as_of", "metric", "starts_on")
    return [(row.metric, row.starts_on, as_float(row.before), as_float(row.after)) for row in rows]


def as_float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def an_import(finished_at: datetime, counts: dict[str, Any], **fields: Any) -> ImportJob:
    job = ImportJob.objects.create(
        key=f"import:{next(make.numbers)}", name="deals.csv", folder="x", state=State.DONE,
        started_at=finished_at - timedelta(minutes=5), finished_at=finished_at, **fields,
    )  # fmt: skip
    ImportFile.objects.create(run=job, name="deals.csv", stored="x", counts=counts)
    return job


def test_the_step_follows_the_metrics() -> None:
    names = [step.name for step in ordered_steps()]
    assert names.index("metrics") < names.index("restated")


def test_only_settled_mature_months_that_changed_are_listed(company: Company) -> None:
    before = [("revenue", MARCH, 100), ("revenue", date(2026, 2, 1), 50), ("lead_win_rate", MARCH, "0.2")]
    assert compare(MONDAY, *before) == 0, "the first set has nothing before it"
    after = [("revenue", MARCH, 150), ("revenue", date(2026, 2, 1), 50), ("lead_win_rate", MARCH, "0.3")]
    assert compare(TUESDAY, *after) == 1
    assert listed() == [("revenue", MARCH, 100.0, 150.0)]


def test_a_month_that_was_not_settled_when_it_was_last_compared_is_not_listed(company: Company) -> None:
    june = datetime(2026, 6, 5, 4, tzinfo=UTC)
    compare(june, ("revenue", date(2026, 5, 1), 100))
    assert compare(june + timedelta(days=2), ("revenue", date(2026, 5, 1), 110)) == 0
    assert compare(june + timedelta(days=3), ("revenue", date(2026, 5, 1), 120)) == 1
    assert listed() == [("revenue", date(2026, 5, 1), 110.0, 120.0)]


def test_several_sets_of_one_day_are_listed_in_turn_though_only_the_last_is_kept(company: Company) -> None:
    compare(MONDAY, ("revenue", MARCH, 100))
    compare(TUESDAY, ("revenue", MARCH, 150))
    compare(TUESDAY + timedelta(hours=2), ("revenue", MARCH, 150))
    compare(TUESDAY + timedelta(hours=4), ("revenue", MARCH, 100))
    assert listed() == [("revenue", MARCH, 100.0, 150.0), ("revenue", MARCH, 150.0, 100.0)]
    assert compare(TUESDAY + timedelta(days=1), ("revenue", MARCH, 100)) == 0


def test_two_sets_of_the_first_day_are_compared_though_the_first_is_gone(company: Company) -> None:
    compare(MONDAY, ("revenue", MARCH, 100))
    assert compare(MONDAY + timedelta(hours=2), ("revenue", MARCH, 150)) == 1
    assert listed() == [("revenue", MARCH, 100.0, 150.0)]
    assert [bool(compared.figures) for compared in ComparedSet.objects.all()] == [True, False]


def test_a_worker_killed_in_the_middle_lists_nothing_twice_and_loses_nothing(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare(MONDAY, ("revenue", MARCH, 100))
    take_set(TUESDAY, ("revenue", MARCH, 150))
    with monkeypatch.context() as patch:
        patch.setattr(detection, "_record_comparison", lambda newest, figures: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            list_restated()
    assert (listed(), ComparedSet.objects.count()) == ([], 1)
    assert list_restated() == 1
    assert list_restated() == 0
    assert listed() == [("revenue", MARCH, 100.0, 150.0)]


def span(**fields: Any) -> Span:
    before = ComparedSet(as_of=MONDAY, local_day=MONDAY.date(), code="old", **fields)
    return Span(before, TUESDAY, "old")


def test_an_import_that_changed_rows_behind_the_metric_is_a_cause_with_its_person(company: Company, ops: User) -> None:
    opportunities = {"opportunity": {"created": 2, "updated": 3, "unchanged": 90}}
    job = an_import(MONDAY + timedelta(hours=1), opportunities, started_by=ops)
    an_import(MONDAY - timedelta(minutes=10), opportunities)
    an_import(MONDAY + timedelta(hours=1), {"opportunity": {"created": 0, "unchanged": 90}})
    assert find_causes(get_metric("close_rate"), span()) == [
        {
            "kind": "import",
            "pk": job.pk,
            "name": "deals.csv",
            "connector": "",
            "rows": {"opportunities": 5},
            "by": ops.name,
        }
    ]
    assert find_causes(get_metric("sm_spend"), span()) == [], "it rests on spend alone"


def test_an_import_that_was_undone_is_a_cause_with_the_person_who_asked(company: Company, ops: User) -> None:
    job = an_import(MONDAY - timedelta(days=9), {"spend": {"created": 4}}, undone_at=MONDAY + timedelta(hours=1))
    Undo.objects.create(run=job, key="undo:1", asked_by=ops)
    (cause,) = find_causes(get_metric("sm_spend"), span())
    assert (cause["kind"], cause["rows"], cause["by"]) == ("undo", {"spend": 4}, ops.name)


def test_what_happened_in_accord_follows_from_every_kind_of_record() -> None:
    assert {"leads", "activities"} <= tables_behind(get_metric("sla_compliance"))
    assert "stage_changes" in tables_behind(get_metric("weighted_pipeline"))


def test_an_agreement_a_new_version_and_rates_entered_by_hand_are_causes(
    company: Company, cmo: User, cro: User
) -> None:
    terms = {"threshold": 40, "engagement": {"Answered": {"events": "touches", "points": 10}}}
    version = draft_version(by=cmo, kind="score", key="leads", title="Lead score", text="Points.", terms=terms)
    version = sign_version(by=cro, version=propose_version(by=cmo, version=version))
    Version.objects.filter(pk=version.pk).update(in_force_at=MONDAY + timedelta(hours=1))
    (cause,) = find_causes(get_metric("handoffs"), span())
    assert (cause["kind"], cause["text"], cause["by"]) == (
        "agreement",
        "Lead score, version 1 came into force",
        cmo.name,
    )
    assert find_causes(get_metric("revenue"), span()) == []
    assert find_causes(get_metric("revenue"), Span(span().before, TUESDAY, "new")) == [{"kind": "code"}]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
        horizon = cursor.fetchone()[0]
    make.record(ExchangeRate, source=MANUAL_SOURCE, currency="USD", base="EUR", valued_on=MARCH, rate=Decimal("1.1"))
    assert find_causes(get_metric("revenue"), span(horizon=horizon)) == [
        {"kind": "rates", "rows": {"exchange_rates": 1}}
    ]


@pytest.fixture
def ledger(company: Company, ops: User, cmo: User, cro: User) -> None:
    """Revenue restated by an import, hand-offs by an agreement on the score, and pipeline for no known cause."""
    job = an_import(MONDAY + timedelta(hours=1), {"invoice": {"updated": 3}}, started_by=ops)
    version = draft_version(by=cmo, kind="score", key="leads", title="Lead score", text="Points.", terms={})
    causes: dict[str, list[dict[str, Any]]] = {
        "revenue": [
            {"kind": "import", "pk": job.pk, "name": "invoices.csv", "connector": "", "rows": {"invoices": 3}, "by": ops.name}
        ],
        "handoffs": [
            {"kind": "agreement", "pk": version.agreement_id, "version": version.pk, "text": "Lead score changed", "by": cmo.name}
        ],
        "weighted_pipeline": [],
    }  # fmt: skip
    for number, (metric, known) in enumerate(causes.items()):
        Restatement.objects.create(
            metric=metric, starts_on=MARCH, ends_on=date(2026, 3, 31), before=Decimal("24738112"), after=Decimal("24738612"),
            n_before=10, n_after=13, currency_before="EUR", currency_after="EUR", before_as_of=MONDAY,
            after_as_of=TUESDAY + timedelta(minutes=number), causes=known,
        )  # fmt: skip


def page(client: Client, address: str = "/restated/") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode().replace("\u202f", " ").replace("\u00a0", " ")


def test_the_page_shows_before_after_difference_and_causes(ledger: None, cmo: User, as_user: SignIn) -> None:
    shown = page(as_user(cmo))
    assert "24,738,112.00 EUR" in shown, "in full where the short forms are alike"
    assert "24,738,612.00 EUR" in shown
    assert "+€500" in shown
    assert "Import “invoices.csv” changed 3 invoices</a>" in shown
    assert "Lead score changed</a>" in shown
    assert "Cause not known" in shown
    assert "Hand-offs</a>" not in page(as_user(cmo), "/restated/?metric=revenue").split("</select>")[-1]
    assert "No restated figures" in page(as_user(cmo), "/restated/?month=2026-01-01")


def test_who_may_not_open_a_cause_is_not_told_its_name(ledger: None, rep: User, as_user: SignIn) -> None:
    shown = page(as_user(rep))
    assert "Import changed 3 invoices" in shown
    assert "invoices.csv" not in shown
    assert "Lead score" not in shown
    assert "An agreement that you have no permission to see changed" in shown


def test_in_a_restricted_company_a_difference_tells_no_one_of_single_records(
    ledger: None, company: Company, rep: User, cmo: User, as_user: SignIn
) -> None:
    Company.objects.update(visibility=Company.Visibility.RESTRICTED)
    client = as_user(rep)
    for address in ("/restated/", "/restated/?format=csv", "/api/v1/restated-figures/"):
        answer = client.get(address)
        text = (answer.getvalue() if answer.streaming else answer.content).decode()
        assert not [figure for figure in ("24738", "24,738", "+€500") if figure in text], address
        assert "revenue" in text or "Revenue" in text
    assert "24,738,612.00 EUR" in page(as_user(cmo))


def test_the_csv_and_the_api_have_the_ledger(ledger: None, cmo: User, as_user: SignIn) -> None:
    client = as_user(cmo)
    rows = client.get("/restated/?metric=revenue&format=csv").getvalue().decode("utf-8-sig").splitlines()
    assert rows[0].startswith("metric,name,from,to,unit,before,after,difference")
    assert "Import “invoices.csv” changed 3 invoices" in rows[1]
    (row,) = client.get("/api/v1/restated-figures/?metric=revenue&starts_on=2026-03-01").json()["results"]
    assert (row["before"], row["after"], row["causes"][0]["text"]) == (
        24738112.0, 24738612.0, "Import “invoices.csv” changed 3 invoices",
    )  # fmt: skip


def test_an_empty_ledger_says_so(company: Company, cmo: User, as_user: SignIn) -> None:
    assert "No figures were restated" in page(as_user(cmo))


def test_three_rows_or_six_ask_the_database_as_often(ledger: None, cmo: User, as_user: SignIn) -> None:
    client = as_user(cmo)

    def count_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            page(client)
            client.get("/api/v1/restated-figures/")
        return len(queries)

    before = count_queries()
    for row in list(Restatement.objects.all()):
        row.pk, row.after_as_of = None, row.after_as_of + timedelta(days=1)
        row.save()
    assert count_queries() == before


def test_the_page_of_a_metric_counts_its_restated_months_and_says_what_matures(
    ledger: None, cmo: User, as_user: SignIn
) -> None:
    client = as_user(cmo)
    assert "1 settled month was restated later" in page(client, "/metrics/revenue/?from=2026-01-01&to=2026-12-31")
    assert "restated later" not in page(client, "/metrics/revenue/?from=2025-01-01&to=2025-12-31")
    assert "Still maturing" in page(client, "/metrics/lead_win_rate/?period=all")
    assert "Still maturing" not in page(client, "/metrics/lead_win_rate/?from=2020-01-01&to=2020-12-31")
