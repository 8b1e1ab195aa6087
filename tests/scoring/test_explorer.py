"""What a threshold would mean agrees with events added up one by one, and is a filter over numbers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from crm.models import Lead, Touch
from facts.engine import open_facts
from facts.refresh import refresh
from scoring.decay import EPOCH
from scoring.explorer import answers
from scoring.explorer.curves import LOOK, Stream, find_peaks, running_scores
from scoring.explorer.dataset import Dataset
from scoring.explorer.score_arrays import WEEKS, Explored, arrays_name, load_explored, make_explored
from scoring.scores_in_force import scores_as_of
from scoring.terms import Model, from_terms
from tests import make
from tests.scoring import naive
from tests.scoring.conftest import kind, rule, terms

KINDS = ("webinar", "mail", "call")
TERMS = terms(
    groups={"Mails": {"cap": 25}},
    engagement={
        "Webinar": rule(20, where=kind("webinar"), half_life=30),
        "Mail": rule(7, where=kind("mail"), half_life=10, days=20, group="Mails"),
        "Lasting": rule(3, where=kind("mail"), group="Mails"),
        "Call": rule(-9, where=kind("call"), half_life=90, days=45, cap=12),
        "Window": rule(2, days=14),
    },
)


def second(moment: datetime) -> int:
    return int((moment - EPOCH).total_seconds())


@pytest.mark.parametrize("seed", range(5))
def test_scores_at_every_row_are_those_of_a_replay(seed: int) -> None:
    chance = np.random.default_rng(seed)
    model = from_terms("leads", TERMS)
    lead = chance.integers(0, 6, 60)
    at = second(datetime(2026, 3, 1, tzinfo=UTC)) + chance.integers(0, 90 * 86_400, 60)
    at[::7] = at[0]  # several in one second
    what = chance.integers(0, 3, 60)
    event = np.where(chance.random(60) < 0.2, LOOK, np.arange(60))
    stream = Stream.from_rows(lead, at, event)
    conditions = [one.where["value"] if one.where else None for one in model.engagement]
    marks = [np.array([word in (None, KINDS[n]) for n in what]) for word in conditions]
    found = running_scores(stream, model, np.full(60, 5.0), marks)
    happened = {
        n: [
            ("touches", KINDS[what[row]], EPOCH + timedelta(seconds=int(at[row])))
            for row in np.flatnonzero((lead == n) & (event != LOOK))
        ]
        for n in range(6)
    }
    for row in np.flatnonzero(stream.is_settled):
        moment = EPOCH + timedelta(seconds=int(stream.second[row]))
        history = happened[int(stream.lead[row])]
        assert found[row] == pytest.approx(naive.score(TERMS, 5, history, moment), abs=1e-3)


def test_running_maxima_name_every_first_crossing() -> None:
    stream = Stream.from_rows(np.array([0, 0, 0, 0, 1]), np.array([10, 20, 30, 40, 15]), np.full(5, LOOK))
    by_time = {10: 5.0, 20: 3.0, 30: 8.0, 40: 7.0, 15: 6.0}
    found = find_peaks(stream, np.array([by_time[int(at)] for at in stream.second]), np.ones(5, bool))
    said = sorted(
        zip(found.lead.tolist(), found.second.tolist(), found.had.tolist(), found.reached.tolist(), strict=True)
    )
    assert said == [(0, 10, -np.inf, 5.0), (0, 30, 5.0, 8.0), (1, 15, -np.inf, 6.0)]


@pytest.fixture
def history(company: Any) -> list[Lead]:
    """Four leads born a year ago; the answers of two lie three and ten weeks back, one won a deal."""
    now = datetime.now(UTC)
    born = now - timedelta(days=365)
    leads = [make.lead(created_at=born, country=country) for country in ("Germany", "Germany", "France", "France")]
    for lead, weeks in ((leads[0], 3), (leads[1], 10), (leads[1], 2)):
        moment = now - timedelta(weeks=weeks) + timedelta(days=1)
        make.record(Touch, lead=lead, kind="webinar", happened_at=moment)
    closed = (now - timedelta(days=200)).date()
    make.opportunity(lead=leads[2], outcome="won", amount=500, opened_on=closed, closed_on=closed)
    refresh()
    return leads


FIT = {"German": {"rule": {"field": "country", "is": "is", "value": "Germany"}, "points": 10}}


def model(points: float = 20, **given: Any) -> Model:
    return from_terms("leads", terms(fit=FIT, engagement={"Webinar": rule(points, half_life=30)}, **given))


def explored(found: Model) -> Explored:
    return make_explored(Dataset(open_facts()), found)


def test_scores_of_today_and_of_the_hand_off_are_those_of_the_engine(history: list[Lead]) -> None:
    found = explored(model())
    facts = open_facts()
    moments = {"now": np.full(4, second(found.as_of)), "then": found.people["asked"]}
    for name, at in moments.items():
        asked = pd.DataFrame(
            {"lead_id": found.ids, "asked_at": pd.to_datetime(at + EPOCH.timestamp(), unit="s", utc=True)}
        )
        right = facts.execute(scores_as_of(facts, model(), asked)).sort_values("id")["score"].to_numpy()
        assert found.scored[name] == pytest.approx(right, abs=2e-3)


def test_the_week_of_a_first_crossing_and_who_is_over(history: list[Lead]) -> None:
    found = explored(model())
    weeks = answers.weekly_crossings(found, 25)
    assert (sum(weeks), weeks[WEEKS - 3], weeks[WEEKS - 10]) == (2, 1, 1)
    assert sum(answers.weekly_crossings(found, 31)) == 1  # only the second answer lifts that high
    assert answers.evaluate_threshold(found, 5).over == 2


def test_who_enters_and_who_leaves(history: list[Lead]) -> None:
    was, becomes = explored(model()), explored(model(points=0.1))
    coming, going = answers.threshold_movers(was, 25, becomes, 10)
    assert (coming.tolist(), going.tolist()) == ([history[0].pk], [])
    assert answers.threshold_movers(was, 1000, becomes, 10)[0].tolist() == [history[0].pk, history[1].pk]
    assert answers.threshold_movers(was, 20, becomes, 11)[1].tolist() == [history[1].pk, history[0].pk]


def test_precision_recall_and_revenue_of_the_past(history: list[Lead]) -> None:
    past = answers.evaluate_threshold(explored(model()), 0).past
    assert (past.over, past.won, past.all_won, past.revenue) == (4, 1, 1, 500)
    assert answers.evaluate_threshold(explored(model()), 10).past.won == 0
    assert sum(band.n for band in answers.conversion_bands(explored(model()), 10)) == 4


def test_a_model_for_some_leads_scores_no_others(history: list[Lead]) -> None:
    found = answers.evaluate_threshold(explored(model(leads=FIT["German"]["rule"])), -100)
    assert (found.over, found.scored) == (2, 2)


def test_names_thresholds_and_titles_change_no_score_so_the_arrays_are_the_same(history: list[Lead]) -> None:
    assert load_explored(open_facts(), model()) is None
    explored(model())
    assert load_explored(open_facts(), model(threshold=99)) is not None
    assert arrays_name(model()) != arrays_name(model(points=21))


def test_the_forecast_is_the_mean_of_eight_weeks_with_its_range() -> None:
    found = answers.forecast_week([0] * 18 + [10] * 8)
    assert found.a_week == 10
    assert (round(found.low, 1), round(found.high, 1)) == (5.7, 14.3)  # chance alone: 10 ± 1.28 · √(10 · 9/8)
    assert answers.forecast_week([0] * WEEKS).high == 0
