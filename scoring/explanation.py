"""Explain a lead's score: each rule with its points, and what would raise the score to the threshold."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from crm.live_tables import OneBuyerTables
from crm.models import Lead
from crm.rule_fields import RuleTables
from scoring.compiling import ScoringInput, measure_rules
from scoring.decay import DAY, DIGITS, EPOCH, amounts_at, amounts_to_state, falls_under_at, score_at, total_points
from scoring.definitions import in_force
from scoring.descriptions import describe_engagement_rule, describe_fit_rule, format_points
from scoring.models import Score, ScoreChange
from scoring.terms import EngagementRule, Model, Pool


@dataclass(frozen=True)
class Line:
    """One rule: how many points it brings now; for events how many counted, and when the last one was."""

    name: str
    description: str
    points: float
    holds: bool
    count: int | None = None
    last_at: datetime | None = None


@dataclass(frozen=True)
class Point:
    """One point of change in the history of a score."""

    since: datetime
    score: float
    fit_points: float
    letter: str
    version_id: int
    reason: str


@dataclass(frozen=True)
class Explanation:
    """A score at a moment. `capped_away` are points that caps took off the sum of the lines.

    `falls_under_at` is right if nothing happens meanwhile; with time windows it looks as far as `next_change_at`.
    """

    model: Model
    moment: datetime
    score: float
    fit_points: float
    letter: str
    lines: tuple[Line, ...]
    capped_away: float
    missing: float
    lifts: tuple[str, ...]
    falls_under_at: datetime | None
    next_change_at: datetime | None

    @property
    def is_over(self) -> bool:
        return self.missing <= 0


def explain_scores(lead: Lead, moment: datetime | None = None) -> list[Explanation]:
    """Explain the lead's score under each active model that scores it, from the rows of the moment."""
    now = moment or timezone.now()
    buyer = OneBuyerTables(lead)
    explanations = [_explain_model(model, buyer, now) for model in in_force()]
    return [explanation for explanation in explanations if explanation is not None]


def _explain_model(model: Model, buyer: OneBuyerTables, now: datetime) -> Explanation | None:
    rows = buyer.execute(measure_rules(model, ScoringInput(RuleTables(buyer, "leads"), buyer.table("leads"), now)))
    if rows.empty:
        return None
    row = rows.iloc[0]
    fit = float(row["fit_points"])
    lines = _rule_lines(model, row)
    state = _state_now(model, row, now)
    score = score_at(model, fit, state, now)
    next_at = _day_to_moment(row["next_day"])
    return Explanation(
        model=model, moment=now, score=score, fit_points=fit, letter=model.letter(fit), lines=lines,
        capped_away=round(sum(line.points for line in lines) - score, DIGITS),
        missing=round(model.threshold - score, DIGITS),
        lifts=possible_lifts(model, fit, state, now, lines),
        falls_under_at=falls_under_at(model, fit, state, now, next_at), next_change_at=next_at,
    )  # fmt: skip


def _rule_lines(model: Model, row: Any) -> tuple[Line, ...]:
    fit = [
        Line(rule.name, describe_fit_rule(rule), rule.points if row[f"fit_{n}"] else 0.0, bool(row[f"fit_{n}"]))
        for n, rule in enumerate(model.fit)
    ]
    return (*fit, *(_engagement_line(rule, row, n) for n, rule in enumerate(model.engagement)))


def _engagement_line(rule: EngagementRule, row: Any, n: int) -> Line:
    amount, count = _float_or_zero(row[f"sum_{n}"]), int(_float_or_zero(row[f"count_{n}"]))
    bounded = min(amount, rule.cap) if rule.cap else amount
    worth = round(bounded if rule.points > 0 else -bounded, DIGITS)
    return Line(rule.name, describe_engagement_rule(rule), worth, count > 0, count, _day_to_moment(row[f"last_{n}"]))


def _float_or_zero(value: Any) -> float:
    return 0.0 if value is None or value != value else float(value)


def _day_to_moment(day: Any) -> datetime | None:
    return None if day is None or day != day else EPOCH + timedelta(seconds=round(float(day) * DAY))


def _state_now(model: Model, row: Any, now: datetime) -> dict[str, float]:
    """The form that time does not change, from sums as of now."""
    sums: dict[Pool, float] = {}
    for n, rule in enumerate(model.engagement):
        sums[rule.pool] = sums.get(rule.pool, 0.0) + _float_or_zero(row[f"sum_{n}"])
    return amounts_to_state(model, [sums[pool] for pool in model.pools], now)


def possible_lifts(
    model: Model, fit: float, state: dict[str, float], now: datetime, lines: tuple[Line, ...]
) -> tuple[str, ...]:
    """Say what would lift the score over the threshold, one thing at a time, the fewest first; nothing if it is over.

    A rule of which no number of events suffices, because its cap is before the threshold, is not named.
    """
    missing = model.threshold - score_at(model, fit, state, now)
    if missing <= 0:
        return ()
    fulfilled = {line.name: line.holds for line in lines[: len(model.fit)]}
    fit_changes = [
        f"{rule.name} ({format_points(-rule.points if fulfilled[rule.name] else rule.points)})"
        for rule in model.fit
        if (-rule.points if fulfilled[rule.name] else rule.points) >= missing
        and fulfilled[rule.name] == (rule.points < 0)
    ]
    needed_events = [
        (count, rule) for rule in model.engagement if (count := events_needed(model, rule, fit, state, now))
    ]
    needed_events.sort(key=lambda pair: (pair[0], pair[1].name))
    return (
        *(f"{count} × {rule.name} ({format_points(rule.points)} each)" for count, rule in needed_events),
        *fit_changes,
    )


MOST_EVENTS = 100


def events_needed(model: Model, rule: EngagementRule, fit: float, state: dict[str, float], now: datetime) -> int | None:
    """Return how many events of a rule, all now, would lift the score to the threshold; None if no number can."""
    if rule.points < 0:
        return None
    pool_index = model.pools.index(rule.pool)
    amounts = amounts_at(model, state, now)

    def would_reach(count: int) -> bool:
        raised = [amount + (count * rule.points if n == pool_index else 0) for n, amount in enumerate(amounts)]
        return round(total_points(model, fit, raised, min), DIGITS) >= model.threshold

    return next((count for count in range(1, MOST_EVENTS + 1) if would_reach(count)), None)


def score_history(lead: Lead, key: str) -> list[Point]:
    """Return the change points of a lead's score under a model, in the order of time, the standing one last."""
    fields = ("since", "score", "fit_points", "letter", "version_id", "reason")
    past = ScoreChange.objects.filter(lead=lead, model=key).order_by("since", "pk").values_list(*fields)
    now = Score.objects.filter(lead=lead, model=key).values_list(*fields)
    return [Point(*row) for row in (*past, *now)]
