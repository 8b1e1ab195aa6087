"""Which figures of confidential answers may be shown, and that no one can be computed from those that are."""

from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment import disclosure
from alignment.disclosure import Earlier, Reading, show_mean


@pytest.mark.parametrize(
    ("size", "complement", "is_shown"),
    [(5, 5, True), (5, 0, True), (4, 6, False), (6, 4, False), (5, 1, False), (30, 5, True)],
)
def test_a_group_is_shown_with_five_people_on_both_sides_of_the_line(
    size: int, complement: int, is_shown: bool
) -> None:
    assert disclosure.may_show_group(size, complement) is is_shown


def test_a_round_that_said_three_shows_groups_of_three() -> None:
    assert disclosure.may_show_group(3, 4, minimum=3)
    assert not disclosure.may_show_group(3, 2, minimum=3)


def test_means_are_shown_in_steps_of_a_tenth() -> None:
    assert (show_mean(2.3333, 9).text, show_mean(2.25, 20).text, show_mean(3, 12).text) == ("2.3", "2.3", "3.0")
    assert show_mean(2.3, 4).kind == "hidden"
    assert "Fewer than 5" in show_mean(2.3, 4).reason


def test_means_near_an_end_are_shown_as_that_end() -> None:
    assert [show_mean(mean, 10).text for mean in (1, 1.5, 1.6, 4.4, 4.5, 5)] == [
        "≤ 1.5", "≤ 1.5", "1.6", "4.4", "≥ 4.5", "≥ 4.5",
    ]  # fmt: skip


@pytest.mark.parametrize("size", range(5, 31))
def test_one_respondent_at_the_far_end_cannot_compute_the_others(size: int) -> None:
    for step in (0, 1):  # all others at the end, or one of them a point away from it
        low, high = (5 + (size - 1) + step) / size, (1 + 5 * (size - 1) - step) / size
        assert (show_mean(low, size).kind, show_mean(high, size).kind) == ("end", "end")


@pytest.mark.parametrize("size", [5, 6, 7])
def test_every_shown_mean_fits_answers_that_differ(size: int) -> None:
    """No one's answer follows from a mean: each shown text stems from at least one group that is not unanimous."""
    texts: dict[str, set[int]] = {}
    for answers in product(range(1, 6), repeat=size):
        if list(answers) == sorted(answers):
            texts.setdefault(show_mean(sum(answers) / size, size).text, set()).add(len(set(answers)))
    assert all(max(different) > 1 for different in texts.values())


def test_spread_needs_ten_people() -> None:
    assert not disclosure.may_show_spread(9)
    assert disclosure.may_show_spread(10)


@pytest.mark.parametrize(("joined", "comparable"), [(0, True), (1, False), (4, False), (5, True)])
def test_rounds_are_compared_only_if_no_one_or_five_differ(joined: int, comparable: bool) -> None:
    first = {f"p{number}" for number in range(8)}
    second = first | {f"new{number}" for number in range(joined)}
    assert disclosure.may_compare(first, second) is comparable
    assert disclosure.may_compare(second, first) is comparable


def test_leavers_and_joiners_count_together() -> None:
    assert disclosure.may_compare({"a", "b", "c", "d"}, {"c", "d", "e", "f", "g"})
    assert not disclosure.may_compare({"a", "b", "c"}, {"b", "c", "d"})


def test_a_figure_that_is_the_difference_of_two_others_is_recoverable() -> None:
    everybody, sales = {"a", "b", "c", "d"}, {"a", "b"}
    assert disclosure.is_recoverable({"c", "d"}, [everybody, sales])
    assert not disclosure.is_recoverable({"c"}, [everybody, sales])
    assert not disclosure.is_recoverable({"a"}, [])


def test_three_rounds_together_can_reveal_what_no_two_of_them_do() -> None:
    half, other = frozenset("abcdef"), frozenset("ghijkl")
    person = frozenset("x")
    rounds = [half | person, other | person, half | other]
    assert all(disclosure.may_compare(*pair) for pair in combinations(rounds, 2))
    assert disclosure.recoverable_groups(rounds) == [person]
    assert disclosure.may_show_means(rounds[1], rounds[:1])
    assert not disclosure.may_show_means(rounds[2], rounds[:2])


def test_bands_replace_means_where_a_few_joined() -> None:
    before = Earlier(show_mean(3.0, 20), 20, joined=2, left=1)
    assert disclosure.show_band(2.0, 21, [before]).text == "low"
    assert disclosure.show_band(3.1, 21, [before]).text == "middle"
    assert disclosure.show_band(3.1, 4, []).kind == "hidden"


def test_a_band_that_would_give_the_newcomer_away_is_hidden_whatever_the_newcomer_answered() -> None:
    before = Earlier(show_mean(3.8, 5), 5, joined=1, left=0)  # 19 points; with a 1 the mean falls to 3.33
    readings = {disclosure.show_band((19 + answer) / 6, 6, [before]) for answer in range(1, 6)}
    assert {reading.kind for reading in readings} == {"hidden"}


@given(
    st.lists(st.integers(1, 5), min_size=5, max_size=30),
    st.lists(st.integers(1, 5), max_size=4),
    st.integers(0, 4),
)
def test_a_band_leaves_doubt_about_those_who_came_and_went(stay: list[int], new: list[int], gone: int) -> None:
    first, second = stay, stay[min(gone, len(stay) - 5) :] + new
    joined, left = len(new), len(stay) - len(second) + len(new)
    if not 1 <= joined + left <= 4 or len(second) < 5:
        return
    reading = show_mean(sum(first) / len(first), len(first))
    band = disclosure.show_band(sum(second) / len(second), len(second), [Earlier(reading, len(first), joined, left)])
    if band.kind == "hidden":
        return
    low = band.low * len(second) - reading.high * len(first)
    high = band.high * len(second) - reading.low * len(first)
    assert min(high, 5 * joined - left) - max(low, joined - 5 * left) >= 1


def test_a_hidden_reading_says_nothing_but_its_reason() -> None:
    assert disclosure.hide("Why.") == Reading("hidden", 1.0, 5.0, None, "–", "Why.")


@pytest.mark.parametrize(
    ("p", "step"), [(0.0004, 0.001), (0.001, 0.01), (0.00699, 0.01), (0.05, 0.1), (0.0999, 0.1), (0.1, 1.0), (1.0, 1.0)]
)
def test_p_is_shown_as_the_step_under_which_it_is(p: float, step: float) -> None:
    assert disclosure.show_p(p) == step
