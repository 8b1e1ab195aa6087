"""Why a figure moved: the golden parts, and that parts always add up."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.decomposition import Group, decompose_product, decompose_rate, explain_by_dimension, shapley_parts

counts = st.integers(0, 200)
sizes = st.tuples(counts, counts).map(lambda pair: (min(pair), max(pair)))
links = st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=1, max_size=5)


def test_the_golden_fall_is_six_sevenths_who_came() -> None:
    parts = decompose_rate(
        {"a": Group((50, 100), (30, 60)), "b": Group((30, 100), (42, 150)), "c": Group((5, 50), (9, 90))}
    )
    assert [round(float(part.rate), 4) for part in parts.values()] == [0, -0.009, 0]
    assert [round(float(part.mix), 4) for part in parts.values()] == [-0.039, -0.0015, -0.0205]
    assert round(float(sum(part.total for part in parts.values())), 10) == -0.07


@given(st.dictionaries(st.sampled_from("abcdef"), st.tuples(sizes, sizes), min_size=1))
def test_the_parts_of_a_rate_are_exactly_its_change(rows: dict[str, tuple[tuple[int, int], tuple[int, int]]]) -> None:
    groups = {key: Group(before, after) for key, (before, after) in rows.items()}
    totals = [[sum(group[index] for group in side) for index in (0, 1)] for side in zip(*rows.values(), strict=True)]
    if not totals[0][1] or not totals[1][1]:
        with pytest.raises(ValueError, match="no change"):
            decompose_rate(groups)
        return
    change = Fraction(*totals[1]) - Fraction(*totals[0])
    assert sum(part.total for part in decompose_rate(groups).values()) == change


def test_a_group_that_is_new_changed_the_mix_and_no_rate() -> None:
    parts = decompose_rate({"old": Group((5, 10), (5, 10)), "new": Group((0, 0), (0, 10))})
    assert parts["new"].rate == 0
    assert sum(part.total for part in parts.values()) == Fraction(-1, 4)


def test_hits_of_a_group_without_cases_are_part_of_the_change() -> None:
    parts = decompose_rate({"north": Group((50, 100), (40, 200)), "south": Group((30, 0), (90, 0))})
    assert sum(part.total for part in parts.values()) == Fraction(130, 200) - Fraction(80, 100)


BEFORE = [1000, 0.30, 0.50, 0.40, 0.25, 20000]
AFTER = [1200, 0.30, 0.42, 0.40, 0.22, 21000]


def test_the_golden_parts_of_a_product() -> None:
    parts = decompose_product(BEFORE, AFTER)
    assert [round(part, 2) for part in parts] == [52797.93, 0, -50490.46, 0, -37018.87, 14128.99]
    assert round(sum(parts), 2) == -20582.40


def test_a_product_with_a_link_of_zero_is_shared_by_shapley() -> None:
    golden = [round(part, 1) for part in shapley_parts(BEFORE, AFTER)]
    assert golden == [53218.4, 0, -50785.6, 0, -37245.6, 14230.4]
    assert decompose_product([0, 2], [3, 2]) == [6, 0]


@given(links)
def test_the_parts_of_a_product_add_up(pairs: list[tuple[float, float]]) -> None:
    before, after = [old for old, _ in pairs], [new for _, new in pairs]
    change = math.prod(after) - math.prod(before)
    scale = max(1.0, math.prod(after), math.prod(before))
    assert sum(decompose_product(before, after)) == pytest.approx(change, abs=1e-6 * scale)


def test_the_dimension_that_explains_the_change_comes_first() -> None:
    explanations = explain_by_dimension(
        {
            "country": {"DE": (50, 35), "US": (50, 35)},
            "source": {"web": (50, 20), "event": (50, 50)},
        }
    )
    assert [row.dimension for row in explanations] == ["source", "country"]
    assert (explanations[0].elements, explanations[0].explained) == (("web",), 1.0)


def test_what_did_not_change_has_no_explanation() -> None:
    assert explain_by_dimension({"source": {"web": (5, 6), "event": (6, 5)}}) == []
