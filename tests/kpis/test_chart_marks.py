"""Definitions that changed and campaigns that started are marked on charts, as far as the reader may know them."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client

from agreements.actions import draft_version, propose_version, sign_version
from agreements.models import Version
from core.periods import Period
from kpis import chart_marks
from kpis.definition_changes import kinds_behind
from kpis.mark_registry import MarkQuery, collect_marks, read_marks
from kpis.registry import all_metrics, get_metric
from kpis.result import Part, Result
from team.models import Company, User
from tests import make

YEAR = Period(date(2025, 1, 1), date(2025, 12, 31))
MARCH = datetime(2025, 3, 5, 23, 30, tzinfo=UTC)  # the 6th in Berlin


@pytest.fixture
def sign_score(cmo: User, cro: User) -> Any:
    def sign(threshold: int, at: datetime) -> Version:
        terms = {"threshold": threshold, "engagement": {"Answered": {"events": "touches", "points": 10}}}
        version = draft_version(by=cmo, kind="score", key="leads", title="Lead score", text="Points.", terms=terms)
        version = sign_version(by=cro, version=propose_version(by=cmo, version=version))
        Version.objects.filter(pk=version.pk).update(in_force_at=at)
        return version

    return sign


def labels(metric: str, reader: User, period: Period = YEAR, **where: str) -> list[str]:
    marks, _left_out = collect_marks(MarkQuery(get_metric(metric), period, reader, where))
    return [f"{mark.day} {mark.label}" for mark in marks]


def test_a_metric_rests_on_the_agreements_that_decide_what_its_tables_hold() -> None:
    assert kinds_behind(get_metric("sla_compliance")) == {"stage", "funnel", "score", "icp", "sla"}
    assert kinds_behind(get_metric("revenue")) == frozenset()
    assert "score" in kinds_behind(None)


def test_a_definition_is_marked_on_the_companys_day_it_came_into_force(
    company: Company, cmo: User, sign_score: Any
) -> None:
    sign_score(40, MARCH)
    assert labels("handoffs", cmo) == ["2025-03-06 Lead score, version 1 came into force"]
    assert labels("handoffs", cmo, Period(date(2025, 3, 7), date(2025, 12, 31))) == []
    assert labels("leads", cmo) == [], "leads are counted without it"


def test_an_agreement_that_a_reader_may_not_read_is_not_marked_for_them(
    company: Company, rep: User, sign_score: Any
) -> None:
    sign_score(40, MARCH)
    assert labels("handoffs", rep) == []


@pytest.mark.django_db
def test_campaigns_are_marked_where_the_metric_can_be_broken_down_by_them(company: Company, cmo: User) -> None:
    fair = make.campaign(name="Fair", starts_on=date(2025, 5, 1))
    make.campaign(name="Undated")
    make.campaign(name="Earlier", starts_on=date(2024, 12, 31))
    assert labels("leads", cmo) == ["2025-05-01 Fair started"]
    assert labels("leads", cmo, campaign=f"id:{fair.pk}") == ["2025-05-01 Fair started"]
    assert labels("leads", cmo, campaign="id:0") == [], "a chart of one campaign tells of no other"
    other = next(metric for metric in all_metrics() if "campaign" not in metric.dimensions)
    assert labels(other.key, cmo) == []


@pytest.mark.django_db
def test_of_many_campaigns_the_largest_by_their_leads_are_marked(
    company: Company, cmo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    fairs = [make.campaign(name=f"Fair {n}", starts_on=date(2025, 5, 1 + n)) for n in range(7)]
    monkeypatch.setattr(chart_marks, "_count_leads", lambda query: {f"id:{fair.pk}": n for n, fair in enumerate(fairs)})
    marks, left_out = collect_marks(MarkQuery(get_metric("leads"), YEAR, cmo))
    assert [mark.label for mark in marks] == [f"Fair {n} started" for n in range(2, 7)]
    assert [(kind.key, n) for kind, n in left_out] == [("campaign", 2)]


def trend(*keys: str, **fields: Any) -> Result:
    parts = tuple(Part(label=key, key=key, value=1, n=1) for key in keys)
    return Result(key="leads", name="Leads", unit="count", period=YEAR, as_of=None, by="month", parts=parts, **fields)


@pytest.mark.django_db
def test_a_mark_stands_at_the_unit_of_its_day_and_only_within_the_trend(company: Company, cmo: User) -> None:
    make.campaign(name="Fair", starts_on=date(2025, 2, 28))
    make.campaign(name="Later", starts_on=date(2025, 4, 1))
    marks = read_marks(get_metric("leads"), trend("2025-02", "2025-03"), cmo)
    assert [(unit.key, unit.name, unit.text) for unit in marks.units] == [
        ("2025-02", "Feb", "Feb 28, 2025: Fair started")
    ]


@pytest.mark.slow
def test_the_page_the_csv_and_the_api_of_a_trend_have_the_marks(sold: Any, cmo: User, client: Client) -> None:
    make.campaign(name="Fair <5>", starts_on=date(2025, 5, 1))
    client.force_login(cmo, backend="django.contrib.auth.backends.ModelBackend")
    query = "?from=2025-01-01&to=2025-12-31"
    page = client.get(f"/metrics/leads/{query}").content.decode()
    assert "Fair &lt;5&gt; started</a>" in page
    assert '<details class="chart-marks" open>' in page
    rows = client.get(f"/metrics/leads/{query}&format=csv").getvalue().decode("utf-8-sig").splitlines()
    assert rows[0].endswith(",marks")
    assert [row.rpartition("2025: ")[2] for row in rows if "Fair" in row] == ['Fair <5> started"']
    answer = client.get(f"/api/v1/metrics/leads/{query}&by=month").json()
    assert [(mark["day"], mark["key"], mark["kind"], mark["label"]) for mark in answer["marks"]] == [
        ("2025-05-01", "2025-05", "campaign", "Fair <5> started")
    ]
    assert "marks" not in client.get(f"/api/v1/metrics/leads/{query}&by=campaign").json()
