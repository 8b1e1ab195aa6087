"""Files of touch points, as they are published: they come in by the import screen, and every channel gets its credit."""

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from attribution.steps import update_credits
from core.periods import Period
from crm.models import Lead, Opportunity, Touch
from facts.refresh import refresh
from kpis.compute import compute_metric
from team.models import Company, User
from tests.imports.test_mapping_parts import Sitting
from tests.imports.test_review import go, hold

CHANNELS = ("Facebook", "Instagram", "Online Display", "Online Video", "Paid Search")
Path = tuple[list[str], Fraction | None]  # channels in their order, and the value of a conversion that ends it


def draw_rows(seed: int, *, ends_once: bool) -> list[tuple[str, datetime, str, Fraction | None]]:
    """Return customer, time, channel and value of touches; a customer may convert in the middle unless it ends once."""
    dice = random.Random(seed)
    rows = []
    for customer in range(60):
        moment = datetime(2018, 7, 3, 13, tzinfo=UTC) + timedelta(minutes=dice.randrange(5000))
        size = dice.randrange(1, 7)
        for turn in range(size):
            moment += timedelta(minutes=dice.randrange(1, 3000))
            converts = dice.random() < (0.4 if turn == size - 1 else 0.0 if ends_once else 0.2)
            value = Fraction(dice.randrange(100, 2000), 100) if converts else None
            rows.append((f"c{customer}", moment, dice.choice(CHANNELS), value))
    dice.shuffle(rows)
    return rows


def list_paths(rows: list[tuple[str, datetime, str, Fraction | None]]) -> list[Path]:
    """Return the touches of each customer in time, cut after each conversion."""
    paths: list[Path] = []
    open_paths: dict[str, list[str]] = defaultdict(list)
    for customer, _moment, channel, value in sorted(rows, key=lambda row: (row[0], row[1])):
        open_paths[customer].append(channel)
        if value is not None:
            paths.append((open_paths.pop(customer), value))
    return [*paths, *((channels, None) for channels in open_paths.values())]


def conversion_probability(paths: list[Path], without: str = "") -> Fraction:
    """Return the probability of a conversion, by elimination in fractions; every way into a channel may lead to nothing."""
    steps: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for channels, value in paths:
        walk = ["start", *channels, "null" if value is None else "won"]
        for here, there in pairwise(walk):
            steps[here][there] += 1
    states = list(steps)
    matrix = []
    for here in states:
        total = sum(steps[here].values())
        row = [Fraction(0) if there == without else Fraction(-steps[here][there], total) for there in states]
        row[states.index(here)] += 1
        matrix.append([*row, Fraction(steps[here]["won"], total)])
    for pivot in range(len(states)):
        swap = next(line for line in range(pivot, len(states)) if matrix[line][pivot])
        matrix[pivot], matrix[swap] = matrix[swap], matrix[pivot]
        matrix[pivot] = [cell / matrix[pivot][pivot] for cell in matrix[pivot]]
        for line in range(len(states)):
            factor = matrix[line][pivot]
            if line != pivot and factor:
                matrix[line] = [cell - factor * other for cell, other in zip(matrix[line], matrix[pivot], strict=True)]
    return matrix[states.index("start")][-1]


def credit_by_hand(paths: list[Path], model: str) -> dict[str, Fraction]:
    credit: dict[str, Fraction] = defaultdict(Fraction)
    if model == "markov":
        whole = conversion_probability(paths)
        effects = {name: 1 - conversion_probability(paths, name) / whole for name in CHANNELS}
        revenue = sum(value for _channels, value in paths if value)
        return {name: effect / sum(effects.values()) * revenue for name, effect in effects.items()}
    for channels, value in paths:
        if value is not None:
            shares = {"first": channels[:1], "last": channels[-1:], "linear": channels}[model]
            for channel in shares:
                credit[channel] += value / len(shares)
    return credit


@pytest.fixture
def import_file(ops: User, as_user: Any, company: Company) -> Callable[[str, str, dict[str, str]], None]:
    """Map a file on the import screen as leads, their touches and won deals, as a person would, and import it."""

    def run(name: str, text: str, columns: dict[str, str]) -> None:
        desk = Sitting(as_user(ops), hold({name: text}, user=ops).files.get())
        column_of = {role: str(desk.place(column)) for role, column in columns.items()}
        every = [str(number) for number in range(len(desk.file.header))]
        desk.press(kind="lead", was="/spend")
        desk.sent |= {f"becomes-{number}": "out" for number in every}
        desk.sent |= {f"becomes-{column_of['customer']}": "field:name", "id": column_of["customer"]}
        desk.press(add="kind", **{"new-kind": "touch"})
        desk.sent |= {f"k1-becomes-{number}": "out" for number in every}
        desk.sent |= {
            f"k1-becomes-{column_of['customer']}": "link:lead",
            f"k1-by-{column_of['customer']}": "external_id",
            f"k1-becomes-{column_of['time']}": "field:happened_at",
            f"k1-becomes-{column_of['channel']}": "field:channel",
        }
        desk.press(add="kind", **{"new-kind": "opportunity"})
        desk.sent |= {f"k2-becomes-{number}": "out" for number in every}
        desk.sent |= {
            f"k2-becomes-{column_of['customer']}": "link:lead",
            f"k2-by-{column_of['customer']}": "external_id",
            f"k2-becomes-{column_of['time']}": "field:closed_at",
            f"k2-becomes-{column_of['value']}": "field:amount",
        }
        fixed = {"name": "Conversion", "stage": "Won", "outcome": "won"}
        for number, (field, value) in enumerate(fixed.items()):
            desk.press(add="k2-always")
            desk.sent |= {f"k2-always-{number}-field": f"field:{field}", f"k2-always-{number}-value": value}
        desk.press(add="k2-only")
        desk.sent |= {
            "k2-only-0-column": column_of["value"],
            "k2-only-0-is": "above",
            "k2-only-0-value": "0",
        }
        job = go(desk.save(), ops)
        assert job.counts["rejected"] == 0

    return run


def check_credits(rows: list[tuple[str, datetime, str, Fraction | None]]) -> None:
    paths = list_paths(rows)
    conversions = [value for _channels, value in paths if value]
    assert (Touch.objects.count(), Lead.objects.count()) == (len(rows), 60)
    assert Opportunity.objects.filter(outcome="won").count() == len(conversions)
    refresh()
    assert update_credits(lambda *_: None)
    for model in ("first", "last", "linear", "markov"):
        result = compute_metric("attributed_revenue", Period(), by="channel", where={"model": model})
        expected = credit_by_hand(paths, model)
        assert Fraction(str(result.value)) == sum(conversions)
        assert {part.key: float(part.value or 0) for part in result.parts} == pytest.approx(
            {name: float(value) for name, value in expected.items() if value}, abs=0.005001
        ), model


def test_rows_with_a_conversion_and_its_value(import_file: Any) -> None:
    rows = draw_rows(5, ends_once=True)
    lines = [
        f"{customer},{moment:%Y-%m-%dT%H:%M:%SZ},{'conversion' if value else 'impression'},{1 if value else 0},{float(value or 0)},{channel}"
        for customer, moment, channel, value in rows
    ]
    text = "\n".join(["cookie,time,interaction,conversion,conversion_value,channel", *lines, ""])
    import_file(
        "attribution data.csv",
        text,
        {"customer": "cookie", "time": "time", "channel": "channel", "value": "conversion_value"},
    )
    check_credits(rows)


def test_sessions_with_their_revenue(import_file: Any) -> None:
    """A customer may buy several times: what a purchase earned is not earned again by the next."""
    rows = draw_rows(6, ends_once=False)
    lines = [
        f"{customer},{moment:%Y-%m-%d %H:%M:%S},{channel},{float(value or 0)}"
        for customer, moment, channel, value in rows
    ]
    text = "\n".join(["user_id,session_start,channel,revenue", *lines, ""])
    import_file(
        "sessions.csv",
        text,
        {"customer": "user_id", "time": "session_start", "channel": "channel", "value": "revenue"},
    )
    check_credits(rows)
