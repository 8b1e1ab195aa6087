"""Differences between versions are said in words, and nothing is lost in the saying."""

from hypothesis import given
from hypothesis import strategies as st

from agreements.differences import compare_terms, compare_texts, flatten_terms

TEXTS = st.lists(st.sampled_from(["a", "lead", "is", "an", "MQL", "from", "60", "65"])).map(" ".join)


def test_a_changed_number_is_said() -> None:
    assert compare_terms(
        {"points": 60, "rules": [{"field": "title"}]}, {"points": 65, "rules": [{"field": "role"}]}
    ) == [
        "points: 60 → 65",
        "rules › 1 › field: title → role",
    ]


def test_added_and_removed_terms_are_said() -> None:
    assert compare_terms({"pause": True}, {"hours": 4}) == ["hours: 4 added", "pause: yes removed"]


@given(TEXTS, TEXTS)
def test_the_pieces_give_back_both_texts(old: str, new: str) -> None:
    pieces = compare_texts(old, new)
    assert " ".join(piece.text for piece in pieces if piece.change != "added").split() == old.split()
    assert " ".join(piece.text for piece in pieces if piece.change != "removed").split() == new.split()


@given(st.dictionaries(st.text("abc", min_size=1), st.integers() | st.lists(st.integers(), max_size=3)))
def test_equal_terms_differ_in_nothing(terms: dict[str, object]) -> None:
    assert compare_terms(terms, terms) == []
    assert all(not isinstance(value, dict) or not value for value in flatten_terms(terms).values())
