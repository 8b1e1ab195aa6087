"""The disclosure audit: rounds at random, with people who come and go, and every way we know to break what they show.

The attacker sees all that is released of all rounds, knows who answered which of them (the worst case: the organiser),
and assumes that anyone who answered two rounds answered both alike. Three attacks:

- **Sums.** Each shown mean is an equation over persons. No person, and no group below the minimum, may follow from
  them, whether by the difference of two rounds or by any other combination.
- **Other worlds.** An answer is determined if it is the same in every world that would have shown the same. Who answered
  what within a side can be exchanged freely, so only answers that all of a side share are at risk: for those another
  world is searched, and what it shows must be the same to the last character.
- **Silence.** What is hidden must not depend on how people answered, or the hiding would tell.

What is released of a round is its results and the part of the alignment index that is made of them (`publish`).
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alignment.index.actions import record_index
from alignment.index.answers import build_answers_part
from alignment.index.rules import Part, round_score
from alignment.rounds import gate
from alignment.rounds.gate import RawRound, Sheet, SkillRating
from alignment.rounds.questionnaire import DIMENSIONS, DISCIPLINES
from alignment.rounds.results import RoundResults
from revops.apps import APPS
from team.models import Role, User
from tests import make
from tests.alignment.rounds.answering import answer_all, end, open_round, sheet

ONE = DIMENSIONS[:1]  # three statements; the gate treats every dimension alike
STATEMENTS = [statement.key for statement in ONE[0].statements]
FIRST = STATEMENTS[0]
TERM = {"key": "sla.response", "question": "How soon?", "unit": "hours", "signed": 4}
SIDES = ("marketing", "sales")
AUDIT = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
People = dict[str, Sheet]


@pytest.fixture(autouse=True, scope="module")
def one_dimension() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate, "DIMENSIONS", ONE)
        patch.setattr(gate, "DISCIPLINES", DISCIPLINES[:1])
        yield


@st.composite
def sheets(draw: st.DrawFn, pool: list[int]) -> Sheet:
    """Draw a sheet whose answers come from a few points, so that unanimous sides are common; some are left out."""
    points = st.sampled_from([*pool, 0] if draw(st.integers(0, 9)) == 0 else pool)
    answers = {key: draw(points) for key in STATEMENTS}
    guess = draw(points)
    return Sheet(
        {key: score for key, score in answers.items() if score},
        {FIRST: guess} if guess else {},
        {"sla.response": draw(st.sampled_from([1, 2, 4, 24]))},
    )


@st.composite
def worlds(draw: st.DrawFn, *, rounds: int = 3, least: int = 3) -> list[RawRound]:
    """Draw rounds of 3 to 30 people a side; between two of them up to 6 come and up to 6 go. Who stays answers alike."""
    minimum = draw(st.sampled_from([3, 5]))
    pools = {side: draw(st.lists(st.integers(1, 5), min_size=1, max_size=3)) for side in SIDES}
    people: dict[str, People] = {
        side: {f"{side} {number}": draw(sheets(pools[side])) for number in range(draw(st.integers(least, 30)))}
        for side in SIDES
    }
    made = []
    for number in range(draw(st.integers(1, rounds))):
        if number:
            people = {side: draw(_changed(people[side], f"{side} {number}", pools[side])) for side in SIDES}
        made.append(_round(number, minimum, people))
    return made


@st.composite
def _changed(draw: st.DrawFn, people: People, prefix: str, pool: list[int]) -> People:
    gone = (
        draw(st.sets(st.sampled_from(sorted(people)), max_size=min(6, len(people) - 3))) if len(people) > 3 else set()
    )
    new = {f"{prefix}.{number}": draw(sheets(pool)) for number in range(draw(st.integers(0, 6)))}
    return {name: own for name, own in people.items() if name not in gone} | new


def _round(number: int, minimum: int, people: dict[str, People]) -> RawRound:
    skills = [
        SkillRating(index < 4, {statement.key: own.answers.get(FIRST, 3) for statement in DISCIPLINES[0].statements})
        for index, own in enumerate(people["sales"].values())
    ]
    return RawRound(
        str(number), f"Round {number}", minimum,
        {side: frozenset(own) for side, own in people.items()},
        {side: list(own.values()) for side, own in people.items()}, skills, [TERM],
    )  # fmt: skip


@dataclass(frozen=True)
class Published:
    """Everything that readers see of one round."""

    results: RoundResults
    index_part: Part


def publish(raw: Sequence[RawRound]) -> list[Published]:
    """Return what readers see of each round; the index of each month shows its round one after the other."""
    return [Published(results, build_answers_part(results, date(2026, 11, 30))) for results in gate.release(raw)]


# Sums


def shown_groups(raw: Sequence[RawRound], results: Sequence[RoundResults]) -> list[frozenset[str]]:
    """Return who is in each group whose means are shown."""
    groups = []
    for held, released in zip(raw, results, strict=True):
        for group in released.groups:
            members = held.members.get(group.key) or frozenset().union(*held.members.values())
            if group.mode == "numbers":
                groups.append(members)
    return groups


def follows(target: frozenset[str], groups: Sequence[frozenset[str]]) -> bool:
    """Tell whether the sum of the target follows from the sums of the groups, by elimination with exact fractions."""
    people = sorted(target.union(*groups))
    rows = [[Fraction(person in group) for person in people] for group in [*groups, target]]
    wanted = rows.pop()
    pivots: list[tuple[list[Fraction], int]] = []
    for row in rows:
        for pivot, column in pivots:
            row = [value - row[column] * other for value, other in zip(row, pivot, strict=True)]
        filled = [index for index, value in enumerate(row) if value]
        if filled:
            pivots.append(([value / row[filled[0]] for value in row], filled[0]))
    for pivot, column in pivots:
        wanted = [value - wanted[column] * other for value, other in zip(wanted, pivot, strict=True)]
    return not any(wanted)


@AUDIT
@given(worlds())
def test_no_group_below_the_minimum_follows_from_shown_sums(raw: list[RawRound]) -> None:
    groups = shown_groups(raw, gate.release(raw))
    for group in groups:
        assert len(group) >= raw[0].minimum
    for first, second in combinations(groups, 2):
        assert len(first ^ second) == 0 or len(first ^ second) >= 5
    classes: dict[tuple[bool, ...], set[str]] = {}
    for person in frozenset().union(*groups):
        classes.setdefault(tuple(person in group for group in groups), set()).add(person)
    for members in classes.values():
        if len(members) < raw[0].minimum:
            assert not follows(frozenset(members), groups)
        for person in members if len(members) > 1 else ():
            assert not follows(frozenset({person}), groups)


def test_the_attack_by_sums_finds_what_a_careless_gate_would_show() -> None:
    """The attack itself works: a joiner is found in the sums of two rounds, and of three."""
    five, other = frozenset("abcde"), frozenset("fghij")
    assert follows(frozenset("x"), [five, five | {"x"}])
    assert follows(frozenset("x"), [five | {"x"}, other | {"x"}, five | other])
    assert not follows(frozenset("a"), [five, other])


@AUDIT
@given(worlds(rounds=2, least=5))
def test_a_side_with_few_changes_leaves_doubt_about_them(raw: list[RawRound]) -> None:
    """If all others answered as before, the two readings leave the sum of those who came or went open by a point."""
    results = gate.release(raw)
    if len(raw) < 2:
        return
    for side in SIDES:
        before, after = (released.dimensions[0].of(side) for released in results)
        joined, left = (
            len(a - b)
            for a, b in ((raw[1].members[side], raw[0].members[side]), (raw[0].members[side], raw[1].members[side]))
        )
        if before is None or after is None or not 1 <= joined + left <= 4:
            continue
        assert not after.own.is_number
        assert after.series == ()
        for first, second in ((before.own, after.own), (before.item, after.item)):
            if first.is_shown and second.is_shown:
                low = second.low * len(raw[1].sheets[side]) - first.high * len(raw[0].sheets[side])
                high = second.high * len(raw[1].sheets[side]) - first.low * len(raw[0].sheets[side])
                assert min(high, 5 * joined - left) - max(low, joined - 5 * left) >= 1


# Other worlds


def swapped(raw: RawRound, side: str, sheets: Sequence[Sheet]) -> RawRound:
    return replace(raw, sheets={**raw.sheets, side: list(sheets)})


def shifted(own: Sheet, changes: dict[str, int], field: str = "answers") -> Sheet | None:
    """Return the sheet with some answers moved by a point, or None where one would leave the scale."""
    scores = dict(getattr(own, field))
    for key, step in changes.items():
        if key not in scores or not 1 <= scores[key] + step <= 5:
            return None
        scores[key] += step
    return replace(own, **{field: scores})


def neighbours(sheets: Sequence[Sheet], key: str, field: str) -> Iterator[list[Sheet]]:
    """Yield worlds in which one or two people of a side answer a statement otherwise."""
    others = [other for other in STATEMENTS if other != key] if field == "answers" else []
    steps = [{key: step} for step in (1, -1)]
    steps += [{key: step, other: -step} for step in (1, -1) for other in others]
    steps += [dict.fromkeys([key, *others], step) for step in (1, -1)]
    for changes in steps:
        for index, own in enumerate(sheets):
            once = shifted(own, changes, field)
            if once is None:
                continue
            yield [*sheets[:index], once, *sheets[index + 1 :]]
            for second in range(index + 1, len(sheets)):
                twice = shifted(sheets[second], {name: -step for name, step in changes.items()}, field)
                if twice is not None:
                    yield [*sheets[:index], once, *sheets[index + 1 : second], twice, *sheets[second + 1 :]]


@AUDIT
@given(worlds(rounds=1), st.randoms(use_true_random=False))
def test_who_of_a_side_gave_which_sheet_makes_no_difference(raw: list[RawRound], random: Any) -> None:
    mixed = {side: random.sample(list(own), len(own)) for side, own in raw[0].sheets.items()}
    assert publish([replace(raw[0], sheets=mixed)]) == publish(raw)


@AUDIT
@given(worlds(rounds=1))
def test_an_answer_that_a_whole_side_shares_could_have_been_another_one(raw: list[RawRound]) -> None:
    shown = publish(raw)
    is_whole = any(
        group.key == "both" for group in shown[0].results.groups
    )  # then people of both sides can be exchanged
    for side in SIDES:
        sheets = list(raw[0].sheets[side])
        exchangeable = [own for sheets_of in raw[0].sheets.values() for own in sheets_of] if is_whole else sheets
        for field, keys in (("answers", STATEMENTS), ("guesses", [FIRST])):
            for key in keys:
                given_answers = {getattr(own, field).get(key) for own in exchangeable}
                if len(given_answers) == 1 and given_answers != {None}:
                    others = neighbours(sheets, key, field)
                    assert any(publish([swapped(raw[0], side, other)]) == shown for other in others)


@AUDIT
@given(worlds(rounds=1))
def test_a_number_that_a_whole_side_believes_could_have_been_another_one(raw: list[RawRound]) -> None:
    is_whole = any(group.key == "both" for group in gate.release(raw)[0].groups)
    for side in SIDES:
        agreeing = {
            each: [
                replace(own, expectations={"sla.response": 4}) if is_whole or each == side else own for own in sheets
            ]
            for each, sheets in raw[0].sheets.items()
        }  # where both sides are shown together, their people can be exchanged: only what all believe is at risk
        agreed = replace(raw[0], sheets=agreeing)
        other = replace(agreeing[side][0], expectations={"sla.response": 400})
        assert publish([swapped(agreed, side, [other, *agreeing[side][1:]])]) == publish([agreed])


@pytest.mark.parametrize("size", range(5, 31))
@pytest.mark.parametrize("score", [1, 5])
def test_a_respondent_who_knows_their_own_answer_cannot_compute_the_others(size: int, score: int) -> None:
    """One answers at the far end, all others at this one: the mean must not tell that the others agree."""
    everyone = {side: {f"{side}{n}": _alike(3) for n in range(size)} for side in SIDES}
    raw, lone, inner = _round(0, 5, everyone), _alike(6 - score), 2 if score == 1 else 4
    others = [_alike(score)] * (size - 1)
    other_worlds = [others, [Sheet({**others[0].answers, FIRST: inner}, {}), *others[1:]]]
    published = [publish([swapped(raw, "sales", [lone, *world])])[0] for world in other_worlds]
    results = [each.results.dimensions[0].sales for each in published]
    texts = {result.item.text for result in results if result}
    assert len(texts) == 1
    assert texts.pop()[0] in "≤≥"


def _alike(score: int) -> Sheet:
    return Sheet(dict.fromkeys(STATEMENTS, score), {})


# Silence


@AUDIT
@given(worlds(rounds=3), st.data())
def test_what_is_hidden_does_not_depend_on_the_answers(raw: list[RawRound], data: st.DataObject) -> None:
    """The last round answered quite differently hides the same figures and shows the same kinds of groups."""
    full = [
        replace(one, sheets={side: [complete(own) for own in sheets] for side, sheets in one.sheets.items()})
        for one in raw
    ]
    score = data.draw(st.integers(1, 5))
    other = {
        side: [Sheet(dict.fromkeys(STATEMENTS, score), {FIRST: score}, own.expectations) for own in sheets]
        for side, sheets in full[-1].sheets.items()
    }
    first, second = publish(full)[-1], publish([*full[:-1], replace(full[-1], sheets=other)])[-1]
    assert first.results.groups == second.results.groups
    assert [_hidden(first.results)] == [_hidden(second.results)]
    assert [row.key for row in first.index_part.missing] == [row.key for row in second.index_part.missing]
    assert first.index_part.is_missing == second.index_part.is_missing


@AUDIT
@given(worlds(rounds=3))
def test_the_index_counts_a_dimension_only_where_the_results_show_it(raw: list[RawRound]) -> None:
    """Each score of the part follows from the means that the page of results prints, and from nothing else."""
    for published in publish(raw):
        result = published.results.dimensions[0]
        sides = [side for side in result.sides if side.own.has_edge and side.own.value is not None]
        is_shown = len(sides) == (1 if result.both else 2)
        assert published.index_part.is_missing == (not is_shown)
        if is_shown:
            lowest = min(side.own.value for side in sides if side.own.value is not None)
            assert published.index_part.score == round_score(Fraction(str(lowest)) * 25 - 25)
            assert all(side.own.text in published.index_part.inputs[0].detail for side in sides)


def complete(own: Sheet) -> Sheet:
    return Sheet(
        {key: own.answers.get(key, 3) for key in STATEMENTS}, {FIRST: own.guesses.get(FIRST, 3)}, own.expectations
    )


def _hidden(released: RoundResults) -> list[tuple[str, bool, bool, bool]]:
    return [
        (side.side, side.own.is_shown, side.item.is_shown, side.guess.is_shown)
        for side in released.dimensions[0].sides
    ]  # fmt: skip


# Every surface


@pytest.mark.django_db
def test_two_worlds_that_the_gate_shows_alike_are_alike_on_page_file_and_api(as_user: Any, ceo: User) -> None:
    """All of Sales answered 3 to everything; or two of them answered 2 and 4. No surface tells which."""
    bodies = []
    for pair in ((3, 3), (2, 4)):
        opened, links = open_round(ceo)
        sales = [sheet(pair[0]), sheet(pair[1]), *[sheet(3)] * 4]
        answer_all(links, {"marketing": [sheet(4)] * 5, "sales": sales})
        end(opened)
        client = as_user(ceo)
        page = client.get(f"/rounds/{opened.pk}/results/").content.decode()
        file = b"".join(client.get(f"/rounds/{opened.pk}/results/?format=csv")).decode()
        answered = client.get(f"/api/v1/rounds/{opened.pk}/results/").json()
        answered.pop("round")
        record_index()
        index_page = client.get("/alignment/index/").content.decode()
        index_part = index_page[index_page.index('id="answers"') : index_page.index('id="agreements"')]
        assert "Sales 3.0" in index_part
        index_answer = client.get("/api/v1/alignment-index/").json()
        results = page[page.index('<div class="results">') :].replace(f"/rounds/{opened.pk}/", "/rounds/")
        bodies.append((results, file, answered, index_part, index_answer))
        opened.delete()
    assert bodies[0] == bodies[1]


def test_only_the_gate_the_respondent_and_the_writer_touch_answers() -> None:
    """No other module of the product names the tables of answers."""
    base = Path(gate.__file__).parents[2]
    naming = set()
    for path in (file for app in APPS for file in (base / app).rglob("*.py") if "migrations" not in file.parts):
        text = path.read_text()
        if "Sheet" not in text:
            continue
        tree = ast.parse(text)
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
        if names & {"AnswerSheet", "SkillSheet"}:
            naming.add(path.relative_to(base).as_posix())
    assert naming == {
        "alignment/models.py", "alignment/rounds/actions.py", "alignment/rounds/forms.py",
        "alignment/rounds/answer_views.py", "alignment/rounds/queries.py", "revops/demo/records/rounds.py",
    }  # fmt: skip


def test_a_rep_sees_nothing_of_a_round(ceo: User, as_user: Any) -> None:
    opened, _ = open_round(ceo)
    rep = make.user(Role.REP)
    for url in (
        "/rounds/",
        f"/rounds/{opened.pk}/",
        f"/rounds/{opened.pk}/results/",
        "/api/v1/rounds/",
        "/alignment/index/",
        "/api/v1/alignment-index/",
    ):
        assert as_user(rep).get(url).status_code == 403
