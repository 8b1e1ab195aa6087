"""The lesson is true in every combination of signs."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from alarms.why.explain import Explanation, find_obstacle
from alarms.why.parts import GroupTotals, Totals, decompose_dimension, rank_dimensions, round_parts
from alarms.why.sentences import describe_change, say_leaders, say_rate_and_mix, write_shares
from core.periods import Period
from kpis.registry import get_metric
from kpis.result import Result

NOW, BEFORE = Period(date(2025, 4, 1), date(2025, 6, 30)), Period(date(2025, 1, 1), date(2025, 3, 31))
counts = st.integers(0, 60)
sides = st.tuples(counts, counts).map(lambda pair: (min(pair), max(pair)))
groups_of = st.dictionaries(
    st.sampled_from(["Web", "Fair", "Mail", "Call", "(blank)"]), st.tuples(sides, sides), min_size=1
)


def totals(side: tuple[int, int]) -> Totals:
    return Totals(Fraction(side[0]), Fraction(side[1]), side[1])


def explain(key: str, rows: dict[str, tuple[tuple[int, int], tuple[int, int]]]) -> Explanation:
    metric = get_metric(key)
    groups = [GroupTotals(name, name, totals(before), totals(now)) for name, (before, now) in rows.items()]
    whole = GroupTotals("", "", sum_of(group.before for group in groups), sum_of(group.now for group in groups))
    now, before = (whole.now.value(metric.is_rate), whole.before.value(metric.is_rate))
    results = [
        Result(
            key=key, name=metric.name, unit=metric.unit, period=period, as_of=datetime(2025, 7, 1, tzinfo=UTC),
            value=None if value is None else float(value) if metric.is_rate else int(value), n=side.n,
        )
        for period, value, side in ((NOW, now, whole.now), (BEFORE, before, whole.before))
    ]  # fmt: skip
    if now is None or before is None:
        return Explanation(metric, *results, None, reason=find_obstacle(*results))
    dimension = decompose_dimension("lead_source", "Lead source", groups, is_rate=metric.is_rate)
    return Explanation(metric, *results, now - before, dimensions=(dimension,), whole=whole)


def sum_of(sides: object) -> Totals:
    whole = Totals()
    for side in sides:  # type: ignore[attr-defined]
        whole += side
    return whole


def test_the_golden_fall_as_a_lesson() -> None:
    explanation = explain(
        "lead_acceptance_rate",
        {"Webinar": ((50, 100), (30, 60)), "Fair": ((30, 100), (42, 150)), "Mail": ((5, 50), (9, 90))},
    )
    assert describe_change(explanation, explanation.dimensions[0]) == (
        "Lead acceptance rate fell from 34% to 27%. "
        "About six sevenths of the fall is a different mix of verdicts by lead source, one seventh is a lower rate "
        "within the groups. Most of it: Webinar (−3.9 points)."
    )


def test_whole_percents_that_would_show_another_change_get_a_decimal() -> None:
    explanation = explain("close_rate", {"Web": ((216, 1000), (203, 1000))})
    assert describe_change(explanation, None) == "Close rate fell from 21.6% to 20.3%."


def test_a_count_says_which_groups_made_most_of_it() -> None:
    explanation = explain("leads", {"Web": ((10, 10), (40, 40)), "Fair": ((10, 10), (5, 5)), "Mail": ((3, 3), (3, 3))})
    assert describe_change(explanation, explanation.dimensions[0]) == (
        "Leads rose from 23 to 48. Web alone raised it by 30; the other groups by lead source lowered it by 5."
    )


def test_parts_against_each_other_are_told_though_the_whole_did_not_move() -> None:
    explanation = explain("leads", {"Web": ((10, 10), (40, 40)), "(blank)": ((40, 40), (10, 10))})
    assert describe_change(explanation, explanation.dimensions[0]) == (
        "Leads did not change: 50 in Q1 2025 and in Q2 2025. "
        "Its parts by lead source moved against each other: Web (+30) and no lead source (−30)."
    )


def test_no_cases_in_a_period_is_said_and_nothing_else() -> None:
    explanation = explain("close_rate", {"Web": ((1, 2), (0, 0))})
    assert describe_change(explanation, None) == (
        "Close rate has no value in Q2 2025, so there is no change to explain."
    )
    assert find_obstacle(explain("leads", {"Web": ((0, 0), (0, 0))}).now, explanation.now).startswith(
        "Close rate has no value"
    )


@given(groups_of, st.sampled_from(["close_rate", "leads", "lead_conversion_rate"]))
def test_every_lesson_says_what_the_figures_say(
    rows: dict[str, tuple[tuple[int, int], tuple[int, int]]], key: str
) -> None:
    explanation = explain(key, rows)
    if explanation.change is None:
        assert describe_change(explanation, None) == explanation.reason != ""
        return
    dimension, change = explanation.dimensions[0], explanation.change
    text = describe_change(explanation, dimension)
    assert ("rose" in text, "fell" in text, "did not change" in text) == (change > 0, change < 0, change == 0)
    leaders = say_leaders(explanation, dimension)
    check_leaders(leaders, dimension.parts, change)
    if explanation.is_rate:
        check_kinds(say_rate_and_mix(explanation, dimension), dimension.rate, dimension.mix)


def check_leaders(text: str, parts: object, change: Fraction) -> None:
    by_name = {("no lead source" if part.group.key == "(blank)" else part.group.label): part.total for part in parts}  # type: ignore[attr-defined]
    listed = [total for name, total in by_name.items() if re.search(rf"\b{name}\b", text.replace("by lead source", ""))]
    if text.startswith(("Most of it", "All of it")):
        assert abs(sum(listed)) * 2 > abs(change)
        assert abs(sum(listed)) <= abs(change)
        assert (sum(listed) == change) if text.startswith("All") else True
    elif " alone " in text:
        assert len(listed) == 1
        assert abs(listed[0]) > abs(change)
        assert ("alone raised" in text) == (listed[0] > 0)
        assert ("groups lowered" in text or "source lowered" in text) == (listed[0] > 0)
    elif text.startswith("The largest parts"):
        assert abs(sum(listed)) * 2 <= abs(change)
    elif change:
        assert text == ""


def check_kinds(text: str, rate: Fraction, mix: Fraction) -> None:
    """A share is said of two parts that go the same way only; parts that go against each other are raised and lowered."""
    change = rate + mix
    if " of the fall is " in text or " of the rise is " in text:
        assert rate * mix > 0
        assert ("of the rise" in text) == (change > 0)
        assert ("higher" in text) == (rate > 0)
    elif text.startswith("All of it is a different mix"):
        assert mix == change != 0
    elif text.startswith("All of it is"):
        assert rate == change != 0
    elif text:
        assert rate * mix < 0
        assert ("mix" in text.split(";")[0]) == (abs(mix) >= abs(rate))
        assert "a different mix " in text.lower()
        assert "raised it" in text
        assert "lowered it" in text


@given(st.fractions(0, 1))
def test_shares_are_called_what_they_are(share: Fraction) -> None:
    first, second = write_shares(share)
    assert ("almost all" in first) == (share >= Fraction(9, 10) and "%" in first)
    named = {
        "half": Fraction(1, 2),
        "one third": Fraction(1, 3),
        "six sevenths": Fraction(6, 7),
        "one tenth": Fraction(1, 10),
    }
    for name, value in named.items():
        if first == name:
            assert share == value
        if first == f"about {name}":
            assert abs(share - value) < Fraction(15, 1000)
    assert ("%" in first) == ("%" in second)


@given(st.lists(st.fractions(-1000, 1000), max_size=12), st.sampled_from(["1", "0.1", "0.01"]))
def test_rounded_parts_add_up_to_the_rounded_whole(parts: list[Fraction], step: str) -> None:
    rounded = round_parts(parts, Decimal(step))
    whole = sum(parts, Fraction(0))
    assert abs(Fraction(sum(rounded, Decimal(0))) - whole) <= Fraction(step) / 2
    assert all(abs(Fraction(value) - part) < Fraction(step) for value, part in zip(rounded, parts, strict=True))


def dimension_of(
    name: str, rows: dict[str, tuple[tuple[int, int], tuple[int, int]]], key: str = "close_rate"
) -> object:
    groups = [GroupTotals(label, label, totals(before), totals(now)) for label, (before, now) in rows.items()]
    return decompose_dimension(name, name, groups, is_rate=get_metric(key).is_rate)


def test_the_dimension_that_explains_most_comes_first_and_one_that_decides_the_rate_last() -> None:
    alike = dimension_of("country", {"DE": ((20, 50), (12, 50)), "US": ((20, 50), (12, 50))})
    source = dimension_of("source", {"web": ((20, 50), (4, 50)), "fair": ((20, 50), (20, 50))})
    outcome = dimension_of("outcome", {"won": ((40, 40), (24, 24)), "lost": ((0, 60), (0, 76))})
    single = dimension_of("system", {"crm": ((40, 100), (24, 100))})
    became = dimension_of("stage", {"new": ((20, 50), (0, 50)), "old": ((20, 50), (24, 50))})
    ranked = rank_dimensions([outcome, became, single, alike, source], results={"stage"})  # type: ignore[list-item]
    assert [dimension.name for dimension in ranked] == ["source", "country", "stage", "system", "outcome"]


def test_revenue_in_a_group_without_spend_is_a_share_of_the_return() -> None:
    rows = {"North": (Totals(Fraction(50), Fraction(100), 3), Totals(Fraction(40), Fraction(200), 3)),
            "South": (Totals(Fraction(30), Fraction(0), 1), Totals(Fraction(90), Fraction(0), 2))}  # fmt: skip
    groups = [GroupTotals(name, name, before, now) for name, (before, now) in rows.items()]
    dimension = decompose_dimension("territory", "Territory", groups, is_rate=True)
    assert dimension.is_shared
    assert dimension.change == Fraction(130, 200) - Fraction(80, 100)
    assert {part.group.key: (part.total, part.mix) for part in dimension.parts}["South"] == (
        Fraction(90, 200) - Fraction(30, 100), None,
    )  # fmt: skip


def test_money_is_written_with_its_currency() -> None:
    explanation = explain("won_revenue", {"Web": ((10, 10), (40, 40)), "Fair": ((5, 5), (5, 5))})
    euros = replace(explanation, now=replace(explanation.now, currency="EUR"))
    text = describe_change(euros, euros.dimensions[0])
    assert text == "Won revenue rose from €15 to €45. All of it by lead source: Web (+€30)."
