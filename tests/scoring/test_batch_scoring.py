"""A run writes what changed, once; scores fade with nothing written; what they were stays known."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agreements.models import Version
from crm.models import Touch
from facts.engine import open_facts
from facts.refresh import refresh
from scoring.batch_scoring import score_all
from scoring.decay import score_at
from scoring.definitions import in_force
from scoring.models import Score, ScoreChange, ScoringRun
from scoring.score_now import score_leads
from scoring.scores_in_force import lead_scores
from tests import make
from tests.scoring.conftest import NOW, Run, event, kind, rule, terms

FADING = terms(engagement={"Answered": rule(100, half_life=30)})


def now_worth(found: Score, days: float = 0) -> float:
    return score_at(in_force()[0], found.fit_points, found.state, NOW + timedelta(days=days))


def test_a_hundred_points_fade_to_the_golden_numbers(run: Run, signed: Any) -> None:
    signed(FADING)
    event(make.lead(), 0)
    assert run() == 1
    found = Score.objects.get()
    assert [now_worth(found, days) for days in (0, 30, 45)] == [100, 50, 35.3553]
    assert (found.reason, found.since) == ("first", NOW)


def test_a_night_without_news_writes_nothing(run: Run, signed: Any) -> None:
    signed(FADING)
    for days in range(5):
        event(make.lead(), days)
    assert run() == 5
    assert run(moment=NOW + timedelta(days=1)) == 0
    ScoringRun.objects.all().delete()  # as if no one knew that it was done: everyone is asked again
    assert run(moment=NOW + timedelta(days=200)) == 0
    assert not ScoreChange.objects.exists()


def test_an_event_changes_one_score_and_what_was_stays_known(run: Run, signed: Any) -> None:
    signed(FADING)
    first, second = make.lead(), make.lead()
    event(first, 30), event(second, 30)
    run()
    event(second, 0)
    assert run(moment=NOW + timedelta(hours=1)) == 1
    found, was = Score.objects.get(lead=second), ScoreChange.objects.get()
    assert (now_worth(found), found.reason) == (150, "events")
    assert (was.lead, was.score, was.since, was.until, was.because) == (second, 50, NOW, found.since, "events")


def test_who_was_deleted_since_the_facts_were_copied_has_no_score(signed: Any) -> None:
    signed(FADING)
    stays, goes = make.lead(), make.lead()
    event(stays, 0), event(goes, 0)
    refresh()
    goes.delete()
    score_all(moment=NOW)
    assert list(Score.objects.values_list("lead", flat=True)) == [stays.pk]


def test_an_event_that_is_undone_no_longer_counts(run: Run, signed: Any) -> None:
    signed(FADING)
    lead = make.lead()
    event(lead, 0)
    run()
    Touch.objects.all().delete()
    assert run() == 1
    assert now_worth(Score.objects.get()) == 0


def test_events_leave_their_window_and_those_to_come_count_when_they_came(run: Run, signed: Any) -> None:
    signed(terms(engagement={"Answered": rule(10, days=7)}))
    lead = make.lead()
    event(lead, 5), event(lead, -1)
    run()
    assert Score.objects.get().next_change_at == NOW + timedelta(days=1)
    for days, score in ((1, 20), (1.9, 20), (2, 10), (7.9, 10), (8, 0)):
        run(moment=NOW + timedelta(days=days))
        assert Score.objects.get().score == score
    assert ScoreChange.objects.count() == 3


def test_fields_decide_on_fit_and_its_letter(run: Run, signed: Any) -> None:
    fit = {
        "Large": {"rule": {"field": "account.employees", "is": ">=", "value": 50}, "points": 30},
        "Of a segment": {"rule": {"field": "custom.segment", "is": "is", "value": "A"}, "points": 10},
        "Private": {"rule": {"field": "email", "is": "contains", "value": "@gmail."}, "points": -5},
    }
    signed(terms(fit=fit))
    account = make.account(employees=60)
    leads = [
        make.lead(account=account, custom={"segment": "A"}),
        make.lead(account=account),
        make.lead(email="a@gmail.com"),
    ]
    run()
    found = {row.lead_id: (row.fit_points, row.letter) for row in Score.objects.all()}
    assert [found[lead.pk] for lead in leads] == [(40, "A"), (30, "B"), (-5, "F")]
    account.employees = 10
    account.save()
    assert run() == 2
    assert sorted(Score.objects.values_list("fit_points", "reason")) == [(-5, "first"), (0, "fields"), (10, "fields")]


def test_models_of_segments_and_their_end(run: Run, signed: Any) -> None:
    german = {"field": "country", "is": "is", "value": "Germany"}
    everybody = signed(
        terms(position=9, fit={"All": {"rule": {"field": "is_converted", "is": "no"}, "points": 1}}), "all"
    )
    signed(
        terms(position=1, leads=german, fit={"All": {"rule": {"field": "is_converted", "is": "no"}, "points": 2}}),
        "german",
    )
    here, there = make.lead(country="Germany"), make.lead(country="France")
    assert run() == 3
    refresh()
    facts = open_facts()
    found = facts.execute(lead_scores(facts, NOW)).set_index("lead_id")["score"].to_dict()
    assert found == {here.pk: 2, there.pk: 1}
    here.country = "Austria"
    here.save()
    assert run() == 1
    assert not Score.objects.filter(model="german").exists()
    Version.objects.filter(pk=everybody.pk).update(ended_at=NOW, end="expired")
    assert run() == 2
    assert list(ScoreChange.objects.values_list("because", flat=True)) == ["gone"] * 3


def test_a_model_that_came_and_went_between_two_runs_leaves_nothing(run: Run, signed: Any) -> None:
    """What is pushed is scored by whatever is active; the next run asks only whom something happened to."""
    signed(FADING)
    event(lead := make.lead(), 0)
    assert run(moment=timezone.now()) == 1
    guest = signed(terms(fit={"All": {"rule": {"field": "is_converted", "is": "no"}, "points": 2}}), "guest")
    score_leads([lead])
    assert sorted(Score.objects.values_list("model", flat=True)) == ["guest", "leads"]
    Version.objects.filter(pk=guest.pk).update(ended_at=timezone.now(), end="expired")
    assert run(moment=timezone.now()) == 1
    assert ScoringRun.objects.latest("pk").since
    assert list(Score.objects.values_list("model", flat=True)) == ["leads"]


def test_a_new_version_scores_everyone_again(run: Run, signed: Any) -> None:
    signed(FADING)
    event(make.lead(), 0)
    run()
    signed(terms(engagement={"Answered": rule(50, half_life=30)}))
    assert run() == 1
    assert (Score.objects.get().score, Score.objects.get().reason) == (50, "version")


@pytest.mark.parametrize("portion", [1, 2, 100])
def test_a_run_that_was_stopped_goes_on(run: Run, signed: Any, monkeypatch: pytest.MonkeyPatch, portion: int) -> None:
    monkeypatch.setattr("facts.batches.BATCH_ROWS", portion)
    signed(FADING)
    for _ in range(3):
        event(make.lead(), 0)
    refresh()
    while score_all(seconds=0 if portion > 2 else -1, moment=NOW) is None and Score.objects.count() < 3:
        assert score_all(moment=NOW) == 3
    assert Score.objects.count() == 3


def test_without_a_model_nothing_is_scored(run: Run) -> None:
    event(make.lead(), 0)
    assert run() == 0
    assert not ScoringRun.objects.exists()
    assert lead_scores(open_facts(), NOW) is None


def test_a_rule_counts_its_own_events(run: Run, signed: Any) -> None:
    signed(terms(engagement={
        "Webinar": rule(10, where=kind("Webinar")),
        "Of our campaign": rule(5, where={"field": "campaign.name", "is": "is", "value": "Fair"}),
        "Call": {"events": "activities", "points": 3}, "Use": {"events": "usage_events", "points": -2, "cap": 3},
    }))  # fmt: skip
    lead = make.lead()
    event(lead, 1, kind="webinar"), event(lead, 1, campaign=make.campaign(name="Fair"))
    event(lead, 1, "activities"), event(lead, 1, "usage_events"), event(lead, 1, "usage_events")
    run()
    assert Score.objects.get().score == 15
