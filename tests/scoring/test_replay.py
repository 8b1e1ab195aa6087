"""Whatever happened and whatever the rules: a score is what a replay of the events says, by each of its ways."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crm.rule_fields import RuleTables
from facts import registry
from facts.duckdb_engine import open_engine
from facts.engine import open_facts
from facts.refresh import refresh
from scoring.compiling import MOMENT, ScoringInput, compute_scores, compute_states
from scoring.decay import score_at
from scoring.models import Score
from scoring.score_now import score_lead
from scoring.scores_in_force import scores_as_of
from scoring.terms import COUNTED, from_terms
from tests import make
from tests.imports.importing import imported
from tests.scoring.conftest import EVENTS, NOW, Run, terms
from tests.scoring.naive import Happened, score

KINDS = ("Mail", "Webinar")
numbers = st.integers(1, 40)
rules = st.fixed_dictionaries(
    {"events": st.sampled_from(COUNTED[:2]), "points": st.integers(-20, 30).filter(bool)},
    optional={
        "half_life": st.sampled_from([1, 7, 30, 365]), "days": st.sampled_from([3, 30]), "cap": numbers,
        "group": st.sampled_from(["one", "two"]),
        "where": st.sampled_from([{"field": "kind", "is": "is", "value": kind} for kind in KINDS]),
    },
)  # fmt: skip
models = st.builds(
    lambda found, one, two: terms(
        engagement={f"Rule {n}": rule for n, rule in enumerate(found)},
        groups={"one": {"cap": one}, "two": {"cap": two}},
        fit={"Named": {"rule": {"field": "is_converted", "is": "no"}, "points": 7}},
    ),
    st.lists(rules, min_size=1, max_size=5), numbers, numbers,
)  # fmt: skip
moments = st.integers(0, 86_400 * 900).map(lambda seconds: NOW - timedelta(seconds=seconds))
histories = st.lists(st.tuples(st.sampled_from(COUNTED[:2]), st.sampled_from(KINDS), moments), max_size=12)
asked = st.lists(st.tuples(histories, moments), min_size=1, max_size=12)


class Held:
    """Leads and their events in memory, in the shape of the facts."""

    def __init__(self, leads: list[list[Happened]]) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {
            "leads": [{"id": n, "is_converted": False} for n in range(len(leads))]
        }
        for lead, history in enumerate(leads):
            for events, kind, moment in history:
                self.rows.setdefault(events, []).append({"lead_id": lead, "kind": kind, "happened_at": moment})

    def table(self, name: str) -> Any:
        return ibis.memtable(
            pa.Table.from_pylist(self.rows.get(name, []), schema=registry.get_table(name).arrow_schema)
        )


@pytest.fixture(scope="module")
def duck() -> Any:
    return open_engine("Europe/Berlin")


calm = settings(max_examples=8, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


@calm
@given(models, asked)
def test_the_score_of_any_moment_is_the_replay_up_to_it(duck: Any, given_terms: Any, leads: Any) -> None:
    held = Held([history for history, _ in leads])
    asked_at = ibis.memtable(pd.DataFrame({"whose": range(len(leads)), MOMENT: [moment for _, moment in leads]}))
    rows = held.table("leads").join(asked_at, [("id", "whose")])
    found = duck.execute(
        compute_scores(from_terms("m", given_terms), ScoringInput(RuleTables(held, "leads"), rows, NOW))
    )
    by_lead = found.set_index("id")["score"]
    for n, (history, moment) in enumerate(leads):
        assert by_lead[n] == pytest.approx(score(given_terms, 7, history, moment), abs=2e-4)


@calm
@given(models, asked, st.integers(0, 400))
def test_what_is_stored_tells_every_later_score_until_it_ends(
    duck: Any, given_terms: Any, leads: Any, days: int
) -> None:
    held, model = Held([history for history, _ in leads]), from_terms("m", given_terms)
    at = NOW - timedelta(days=300)
    found = duck.execute(compute_states(model, ScoringInput(RuleTables(held, "leads"), held.table("leads"), at)))
    for row in found.to_dict("records"):
        later = at + timedelta(days=days)
        if pd.notna(row["next_change"]):
            later = min(later, datetime.fromtimestamp(row["next_change"] - 1, UTC))
        logs = {str(n): row[f"log_{n}"] for n in range(len(model.pools)) if pd.notna(row[f"log_{n}"])}
        expected = score(given_terms, 7, leads[row["lead_id"]][0], later)
        assert score_at(model, row["fit_points"], logs, later) == pytest.approx(expected, abs=2e-4)


def random_history(chance: random.Random) -> list[Happened]:
    return [
        (chance.choice(COUNTED[:2]), chance.choice(KINDS), NOW - timedelta(seconds=chance.randrange(86_400 * 90)))
        for _ in range(chance.randrange(8))
    ]


MIXED = terms(
    engagement={
        "Mail": {"events": "touches", "points": 5, "half_life": 7, "where": {"field": "kind", "is": "is", "value": "Mail"}},
        "Any": {"events": "touches", "points": 3, "half_life": 30, "group": "one"},
        "Call": {"events": "activities", "points": 9, "cap": 20, "days": 30, "group": "one"},
        "Away": {"events": "activities", "points": -4, "half_life": 90, "cap": 6},
    },
    groups={"one": {"cap": 25}},
    fit={"Open": {"rule": {"field": "is_converted", "is": "no"}, "points": 7}},
)  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_one_lead_at_once_is_what_the_run_says(run: Run, signed: Any, seed: int) -> None:
    signed(MIXED)
    chance = random.Random(seed)
    histories = {make.lead(): random_history(chance) for _ in range(4)}
    for lead, history in histories.items():
        for events, kind, moment in history:
            make.record(EVENTS[events], lead=lead, kind=kind, happened_at=moment)
    run()
    in_bulk = _scores()
    assert [found[4] for found in in_bulk] == [
        pytest.approx(score(MIXED, 7, history, NOW), abs=2e-4) for history in histories.values()
    ]
    for lead in histories:
        score_lead(lead, NOW + timedelta(seconds=1))
    assert _scores() == in_bulk  # nothing to write
    Score.objects.all().delete()
    for lead in histories:
        score_lead(lead, NOW)
    assert _scores() == in_bulk


def test_fields_too_are_replayed_up_to_the_moment(company: Any) -> None:
    chance = random.Random(5)
    accounts = [make.account(employees=chance.randrange(100)) for _ in range(3)]
    leads = [make.lead(employees=chance.randrange(100), account=chance.choice(accounts)) for _ in range(8)]
    stood: dict[tuple[str, int], list[tuple[int, Any]]] = {}
    for one in (*leads, *accounts):
        stood[one._meta.label, one.pk] = [(-1, (one.employees, getattr(one, "account_id", None)))]
    for day in (30, 20, 10):
        with imported(NOW - timedelta(days=day)):
            for one in chance.sample([*leads, *accounts], 6):
                one.employees = chance.randrange(100)
                if one in leads:
                    one.account = chance.choice(accounts)
                one.save()
                stood[one._meta.label, one.pk].append((40 - day, (one.employees, getattr(one, "account_id", None))))
    asked = [NOW - timedelta(days=chance.randrange(1, 40), hours=1) for _ in leads]
    refresh()
    moments = pd.DataFrame({"lead_id": [lead.pk for lead in leads], MOMENT: asked})
    facts = open_facts()
    found = facts.execute(scores_as_of(facts, from_terms("m", LARGE), moments)).set_index("id")["score"]

    def at(label: str, pk: int, moment: datetime) -> Any:
        return [value for day, value in stood[label, pk] if NOW - timedelta(days=40 - day) <= moment][-1]

    for lead, moment in zip(leads, asked, strict=True):
        employees, account = at("crm.Lead", lead.pk, moment)
        staff, _ = at("crm.Account", account, moment)
        assert found[lead.pk] == (5 if employees >= 50 else 0) + (8 if staff >= 50 else 0)


LARGE = terms(fit={
    "Large": {"rule": {"field": "employees", "is": ">=", "value": 50}, "points": 5},
    "Large account": {"rule": {"field": "account.employees", "is": ">=", "value": 50}, "points": 8},
})  # fmt: skip


def _scores() -> list[Any]:
    return sorted(
        (
            row.lead_id,
            row.version_id,
            row.fit_points,
            row.letter,
            row.score,
            row.next_change_at,
            sorted(row.state.items()),
        )
        for row in Score.objects.all()
    )


def test_an_event_counts_from_the_second_in_which_it_happened(duck: Any) -> None:
    late = NOW + timedelta(milliseconds=750)
    held, model = (
        Held([[("touches", "Mail", late)]]),
        from_terms("m", terms(engagement={"Any": {"events": "touches", "points": 5}})),
    )
    row = duck.execute(compute_states(model, ScoringInput(RuleTables(held, "leads"), held.table("leads"), late))).iloc[
        0
    ]
    assert (row["score"], pd.isna(row["next_change"])) == (5, True)
