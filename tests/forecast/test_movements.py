"""The waterfall closes to the cent on random histories, for every cut, and each class holds what its name says."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from core.periods import Period
from forecast.history import deal_states
from forecast.waterfall import movements as rules
from forecast.waterfall.movements import CHANGES, END, START
from kpis.pipeline import waterfall as page
from kpis.pipeline.waterfall import ALL_OPEN, CLOSING_INSIDE, PipelineQuestion, Waterfall
from kpis.registry import get_metric
from kpis.rows import Scope
from tests.kpis.ask_metric import ask as ask_metric
from tests.kpis.market import play
from tests.kpis.memory_facts import MemoryFacts

TODAY = date(2026, 11, 22)  # the day of the facts in memory
QUARTER = Period(date(2026, 7, 1), date(2026, 9, 30))
CURRENCIES = ("EUR", "USD", "GBP")
RATES = {"USD": Decimal("0.9"), "GBP": Decimal("1.2")}


def ask(
    facts: Any,
    period: Period = QUARTER,
    by: str = "",
    closes: str = CLOSING_INSIDE,
    converts: bool = False,
    **where: str,
) -> Waterfall:
    scope = Scope(facts, period, "EUR", TODAY, converts=converts)
    question = PipelineQuestion(period, where, by, closes)
    window = question.window(TODAY)
    assert window
    return page._compute_waterfall(scope, question, window)


def values(waterfall: Waterfall) -> dict[str, int]:
    return {bar.key: int(bar.value) for bar in waterfall.bars if bar.value}


def deal_facts(*states: dict[str, Any], **deal: Any) -> MemoryFacts:
    """Return facts of one deal that was recorded in these states; the last is how it is now."""
    changes = [{"opportunity_id": 1, "outcome": "open", "currency": "EUR", **state} for state in states]
    last = {name: value for name, value in changes[-1].items() if name not in ("opportunity_id", "counts_at")}
    return MemoryFacts(opportunities=[{**last, **deal}], deal_changes=changes)


def state(day: str, amount: int | None = 100, close: str | None = "2026-09-15", **more: Any) -> dict[str, Any]:
    return {
        "counts_at": datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC),
        "amount": None if amount is None else Decimal(amount),
        "expected_close_on": date.fromisoformat(close) if close else None,
        **more,
    }


OPENED = {"opened_on": date(2026, 5, 1)}


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([state("2026-05-02")], {START: 100, END: 100}),
        ([state("2026-05-02"), state("2026-08-01", 130)], {START: 100, "grown": 30, END: 130}),
        ([state("2026-05-02"), state("2026-08-01", 70)], {START: 100, "shrunk": -30, END: 70}),
        ([state("2026-05-02"), state("2026-08-01", 100, "2026-10-15")], {START: 100, "pushed_out": -100}),
        ([state("2026-05-02"), state("2026-08-01", 80, "2026-10-15")], {START: 100, "shrunk": -20, "pushed_out": -80}),
        ([state("2026-05-02", 100, "2026-12-01"), state("2026-08-01", 120)], {"pulled_in": 120, END: 120}),
        ([state("2026-05-02"), state("2026-08-01", 100, None)], {START: 100, "pushed_out": -100}),
        (
            [state("2026-05-02"), state("2026-08-01", 100, outcome="won", closed_on=date(2026, 8, 1))],
            {START: 100, "won": -100},
        ),
        (
            [state("2026-05-02"), state("2026-08-01", 90, outcome="lost", closed_on=date(2026, 8, 1))],
            {START: 100, "shrunk": -10, "lost": -90},
        ),
        (
            [state("2026-05-02"), state("2026-08-01", 100, outcome="no_decision", closed_on=date(2026, 8, 1))],
            {START: 100, "no_decision": -100},
        ),
        (
            [
                state("2026-05-02"),
                state("2026-06-01", outcome="lost", closed_on=date(2026, 6, 1)),
                state("2026-08-01", 110),
            ],
            {"reopened": 110, END: 110},
        ),
        (  # won before its day: pulled in, then won
            [
                state("2026-05-02", 100, "2026-12-01"),
                state("2026-08-01", outcome="won", closed_on=date(2026, 8, 1)),
            ],
            {"pulled_in": 100, "won": -100},
        ),
    ],
)
def test_each_event_is_in_its_class(states: list[dict[str, Any]], expected: dict[str, int]) -> None:
    assert values(ask(deal_facts(*states, **OPENED))) == expected


def test_a_deal_opened_and_won_in_the_period_comes_and_goes() -> None:
    won = state("2026-08-20", 100, outcome="won", closed_on=date(2026, 8, 20))
    facts = deal_facts(won, opened_on=date(2026, 7, 5))
    assert values(ask(facts)) == {"created": 100, "won": -100}


def test_over_all_open_pipeline_a_moved_close_date_changes_nothing() -> None:
    facts = deal_facts(state("2026-05-02"), state("2026-08-01", 100, "2027-10-15"), **OPENED)
    assert values(ask(facts, closes=ALL_OPEN)) == {START: 100, END: 100}


def test_the_history_of_the_crm_tells_what_was_before_the_first_import() -> None:
    facts = MemoryFacts(
        opportunities=[{"amount": Decimal(80), "expected_close_on": date(2026, 12, 1), "opened_on": date(2026, 6, 1)}],
        stage_changes=[
            {"opportunity_id": 1, "entered_at": datetime(2026, 6, 1, 9, tzinfo=UTC), "stage": "Proposal",
             "amount": Decimal(100), "expected_close_on": date(2026, 9, 15)},
            {"opportunity_id": 1, "entered_at": datetime(2026, 8, 3, 9, tzinfo=UTC), "stage": "Proposal",
             "amount": Decimal(80), "expected_close_on": date(2026, 12, 1)},
        ],
        deal_changes=[
            {"opportunity_id": 1, "counts_at": datetime(2026, 10, 9, tzinfo=UTC), "outcome": "open", "currency": "EUR",
             "amount": Decimal(80), "expected_close_on": date(2026, 12, 1)},
        ],
    )  # fmt: skip
    waterfall = ask(facts)
    assert values(waterfall) == {START: 100, "shrunk": -20, "pushed_out": -80}
    assert waterfall.assumed == 0


def test_what_no_source_tells_is_marked_as_assumed() -> None:
    """Seen first in October: that it was worth 100 in July is an assumption, and is counted as one."""
    waterfall = ask(deal_facts(state("2026-10-02"), **OPENED))
    assert values(waterfall) == {START: 100, END: 100}
    assert waterfall.assumed == 1


def test_a_new_currency_and_moving_rates_are_a_class_of_their_own() -> None:
    rates = [
        {
            "currency": "USD",
            "into": "EUR",
            "day": QUARTER.start - timedelta(days=1) + timedelta(days=n),
            "up": Decimal(9 if n < 40 else 8),
            "down": Decimal(10),
        }
        for n in range(100)
    ]
    facts = deal_facts(state("2026-05-02", currency="USD"), **OPENED)
    facts._given["day_rates"] = rates
    assert values(ask(facts, converts=True)) == {START: 90, "currency": -10, END: 80}
    other = deal_facts(state("2026-05-02", currency="USD"), state("2026-07-10", 95, currency="EUR"), **OPENED)
    other._given["day_rates"] = rates
    assert values(ask(other, converts=True)) == {START: 90, "currency": 5, END: 95}


def random_facts(seed: int) -> MemoryFacts:
    """Return the played market with a random history on each of its deals, in three currencies with rates that move."""
    dice, rows = Random(seed), play(seed, 60)
    for deal in rows["opportunities"]:
        deal["currency"] = dice.choice(CURRENCIES)
        shift = timedelta(days=500)
        for name in ("opened_on", "closed_on", "expected_close_on"):
            deal[name] = deal[name] and min(deal[name] + shift, TODAY + timedelta(days=200))
        deal["created_at"] = None

    def change(number: int) -> dict[str, Any]:
        outcome = dice.choice(["open", "open", "open", "won", "lost", "no_decision"])
        day = date(2026, 3, 1) + timedelta(days=dice.randrange(260))
        return {
            "opportunity_id": number, "outcome": outcome, "currency": dice.choice((*CURRENCIES, "")),
            "counts_at": datetime(day.year, day.month, day.day, dice.randrange(24), tzinfo=UTC),
            "amount": dice.choice([None, Decimal(dice.randrange(-500, 10**6)) / 100]),
            "expected_close_on": dice.choice([None, date(2026, 5, 1) + timedelta(days=dice.randrange(300))]),
            "closed_on": None if outcome == "open" else day, "stage": dice.choice("ABC"),
        }  # fmt: skip

    many = [dice.randrange(1, len(rows["opportunities"]) + 1) for _ in range(400)]
    rows["deal_changes"] = [change(number) for number in many]
    for row in rows["stage_changes"]:
        row["entered_at"] = row["entered_at"] and row["entered_at"] + timedelta(days=500)
        row["expected_close_on"] = dice.choice([None, date(2026, 8, 1) + timedelta(days=dice.randrange(100))])
    rows["day_rates"] = [
        {"currency": currency, "into": "EUR", "day": date(2026, 1, 1) + timedelta(days=day), "down": Decimal(1000),
         "up": Decimal(rate * 1000 + dice.randrange(-99, 99))}
        for currency, rate in RATES.items() for day in range(330)
    ]  # fmt: skip
    return MemoryFacts(**rows)


@pytest.fixture
def play_market(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], MemoryFacts]:
    """Return random facts whose states are read once for all questions."""

    def build(seed: int) -> MemoryFacts:
        facts = random_facts(seed)
        states = facts.materialize("all_states", deal_states(facts, TODAY))
        monkeypatch.setattr(page, "read_states", lambda tables, today, closed_since: states)
        return facts

    return build


def test_deals_that_were_over_before_the_first_day_change_nothing() -> None:
    facts = random_facts(2)
    scope = Scope(facts, QUARTER, "EUR", TODAY)
    window = PipelineQuestion(QUARTER).window(TODAY)
    assert window
    every = rules.overlapping_states(deal_states(facts, TODAY), window)
    lines = facts.execute(rules.movements(every, window, "EUR", converts=False))
    read = page.read_movements(scope, PipelineQuestion(QUARTER), START, ask(facts))
    starts = lines[(lines.movement == START) & (lines.currency.fillna("EUR") == "EUR")]
    assert sum(line.amount for line in read) == sum(starts.amount)


def assert_closes(bars: tuple[page.Bar, ...]) -> None:
    by_key = {bar.key: bar.value for bar in bars}
    assert by_key[START] + sum(by_key[key] for key in CHANGES) == by_key[END]


@pytest.mark.parametrize(("seed", "converts"), [(0, False), (1, True)])
def test_the_waterfall_closes_to_the_cent_for_every_cut(
    play_market: Callable[[int], MemoryFacts], seed: int, converts: bool
) -> None:
    facts = play_market(seed)
    dimensions = [name for name in get_metric("open_pipeline").dimensions if name not in page.dimensions.GRAINS]
    for closes in (CLOSING_INSIDE, ALL_OPEN):
        whole = ask(facts, closes=closes, converts=converts)
        assert_closes(whole.bars)
        assert sum(bool(bar.value) for bar in whole.bars) >= 8
        for name in dimensions if closes == CLOSING_INSIDE else ("territory",):
            waterfall = ask(facts, by=name, closes=closes, converts=converts)
            for part in waterfall.parts:
                assert_closes(part.bars)
            if name != "currency":
                for place, bar in enumerate(whole.bars):
                    assert sum(part.bars[place].value for part in waterfall.parts) == bar.value


def test_the_deals_behind_each_bar_sum_to_it(play_market: Callable[[int], MemoryFacts]) -> None:
    facts = play_market(5)
    whole = ask(facts, converts=True)
    scope = Scope(facts, QUARTER, "EUR", TODAY, converts=True)
    for bar in whole.bars:
        lines = page.read_movements(scope, PipelineQuestion(QUARTER), bar.key, whole)
        assert sum(line.amount for line in lines) == bar.value
        assert len(lines) == bar.deals


def test_any_two_days_that_follow_each_other_share_their_end_and_start() -> None:
    facts = random_facts(9)
    halves = Period(date(2026, 7, 1), date(2026, 8, 14)), Period(date(2026, 8, 15), date(2026, 9, 30))
    first, second = (ask(facts, half, closes=ALL_OPEN, converts=True) for half in halves)
    both = ask(facts, closes=ALL_OPEN, converts=True)
    assert first.bar(END).value == second.bar(START).value
    assert (both.bar(START).value, both.bar(END).value) == (first.bar(START).value, second.bar(END).value)


def test_the_end_of_the_last_day_is_the_open_pipeline_of_today() -> None:
    facts = random_facts(4)
    running = Period(date(2026, 10, 1), date(2026, 12, 31))
    assert ask(facts, running, closes=ALL_OPEN).bar(END).value == ask_metric(facts, "open_pipeline", running).value
