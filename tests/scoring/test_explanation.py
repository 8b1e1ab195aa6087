"""A score says why it is what it is, until when, and what would lift it; the funnel reads it faded."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from facts.refresh import refresh
from funnel.classify import classify_buyers
from funnel.queries import current_stages
from scoring.batch_scoring import score_all
from scoring.explanation import explain_scores, score_history
from scoring.score_now import score_lead
from tests import make
from tests.scoring.conftest import NOW, event, kind, rule, terms

MODEL = terms(
    threshold=40,
    fit={"Large": {"rule": {"field": "employees", "is": ">=", "value": 50}, "points": 15}},
    engagement={
        "Webinar": rule(40, half_life=30, where=kind("Webinar")),
        "Mail": rule(5, where=kind("Mail"), cap=10),
    },
)


def test_an_explanation_adds_up(signed: Any) -> None:
    signed(MODEL)
    lead = make.lead(employees=10)
    event(lead, 30, kind="Webinar")
    for days in (1, 2, 3):
        event(lead, days, kind="Mail")
    (found,) = explain_scores(lead, NOW)
    assert {line.name: (line.points, line.count) for line in found.lines} == {
        "Large": (0, None), "Webinar": (20, 1), "Mail": (10, 3),
    }  # fmt: skip
    assert (found.score, found.missing, found.is_over) == (30, 10, False)
    assert found.lines[2].last_at is not None
    assert found.lifts == ("1 × Webinar (+40 points each)", "Large (+15 points)")


def test_a_score_says_when_it_falls_under(signed: Any) -> None:
    signed(terms(threshold=50, engagement={"Answered": rule(100, half_life=30)}))
    lead = make.lead()
    event(lead, 0)
    (found,) = explain_scores(lead, NOW)
    assert found.falls_under_at is not None
    assert timedelta(0) < found.falls_under_at - (NOW + timedelta(days=30)) < timedelta(seconds=30)
    assert found.lifts == ()


def test_change_points_are_the_history(signed: Any) -> None:
    signed(MODEL)
    lead = make.lead(employees=10)
    score_lead(lead, NOW)
    lead.employees = 90
    lead.save()
    score_lead(lead, NOW + timedelta(days=1))
    assert [(point.score, point.reason) for point in score_history(lead, "leads")] == [(0, "first"), (15, "fields")]


def test_the_funnel_reads_scores_as_they_are_today(signed: Any, company: Any) -> None:
    signed(terms(threshold=65, engagement={"Webinar": rule(100, half_life=30)}))
    now = timezone.now()
    fresh, faded = make.lead(first_contact_on=now.date()), make.lead(first_contact_on=now.date())
    make.record(event(fresh, 0).__class__, lead=fresh, happened_at=now - timedelta(days=1))
    make.record(event(faded, 90).__class__, lead=faded, happened_at=now - timedelta(days=60))
    refresh()
    assert score_all(moment=now) == 2
    refresh()
    classify_buyers(moment=now)
    assert current_stages([fresh.pk, faded.pk]) == {fresh.pk: "mql", faded.pk: "inquiry"}
