"""Small companies in memory in which one detector has something to tell, and their healthy twins."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

Rows = list[dict[str, Any]]
Tables = dict[str, Rows]
TODAY = date(2026, 11, 22)  # the day of the facts in memory
LAST_YEAR = 2025


def moment(days_ago: int, hour: int = 9) -> datetime:
    return datetime.combine(TODAY - timedelta(days=days_ago), time(hour), UTC)


def handoffs(n: int, days_ago: int = 20, **fields: Any) -> Rows:
    """Return hand-offs of one day; what is not said was answered and accepted in time."""
    started = moment(days_ago)
    usual = {
        "lead_id": 1, "started_at": started, "due_at": started + timedelta(hours=8), "answered_at": started + timedelta(hours=1),
        "response_seconds": 3600.0, "attempts": 1, "ended_at": started + timedelta(hours=2), "end": "accepted", "score": Decimal(70),
    }  # fmt: skip
    return [{**usual, **fields} for _ in range(n)]


def unanswered(n: int, days_ago: int = 20) -> Rows:
    started = moment(days_ago)
    nothing = {"answered_at": None, "response_seconds": None, "attempts": 0, "ended_at": None, "end": ""}
    return handoffs(n, days_ago, breached_at=started + timedelta(hours=8), **nothing)


def answered_late(n: int) -> Rows:
    return handoffs(n, answered_at=moment(18), response_seconds=16 * 3600.0, breached_at=moment(20, 17))


def in_progress(n: int, last_days_ago: int) -> Tables:
    """Return accepted leads that were last called so many days ago."""
    return {
        "handoffs": [row | {"lead_id": pk} for pk, row in enumerate(handoffs(n, 60), 1)],
        "leads": [{"is_converted": False} for _ in range(n)],
        "activities": [{"lead_id": pk, "kind": "Call", "happened_at": moment(last_days_ago)} for pk in range(1, n + 1)],
    }  # fmt: skip


def given_back(n: int, touched_days_ago: int) -> Tables:
    """Return leads that Sales gave back to nurture, and when Marketing last touched them."""
    verdict = {"answer": "rejected", "after": "recycled", "given_at": moment(100), "settled_at": moment(100)}
    return {
        "verdicts": [{**verdict, "lead_id": pk, "handoff_id": pk} for pk in range(1, n + 1)],
        "leads": [{"is_converted": False} for _ in range(n)],
        "touches": [{"lead_id": pk, "happened_at": moment(touched_days_ago)} for pk in range(1, n + 1)],
    }


def weekly(make: Callable[[int, bool], Rows], weeks: int = 36, changed_since: int = 6) -> Rows:
    """Return the rows of each week, by how many days ago it was and whether it is among the last ones, the oldest first."""
    last = (TODAY.weekday() + 1) % 7 + 7  # the Monday of the last finished week
    rows: Rows = []
    for back in reversed(range(weeks)):
        rows += make(last - 1 + 7 * back, back < changed_since)
    return rows


def verdicts(days_ago: int, rejected: int, of: int = 40) -> Rows:
    given = moment(days_ago)
    answers = ["rejected"] * rejected + ["accepted"] * (of - rejected)
    return [
        {"handoff_id": 1, "lead_id": 1, "answer": answer, "given_at": given, "settled_at": given} for answer in answers
    ]


def deals(days_ago: int, won: int, lost: int, undecided: int = 0, days: int = 60, reason: str = "") -> Rows:
    closed = TODAY - timedelta(days=days_ago)
    outcomes = ["won"] * won + ["lost"] * lost + ["no_decision"] * undecided
    return [
        {
            "outcome": outcome, "closed_on": closed, "opened_on": closed - timedelta(days=days), "amount": Decimal(1000),
            "lost_reason": reason if outcome == "no_decision" else "",
        }
        for outcome in outcomes
    ]  # fmt: skip


def undecided_for(**recent: int) -> Rows:
    """Return deals without a decision, a third for each of three reasons; of the last weeks so many for each."""
    rows: Rows = []
    for days_ago in range(100, 450, 10):
        rows += [row for reason in "ABC" for row in deals(days_ago, 0, 0, 2, reason=reason)]
    for days_ago in range(2, 90, 8):
        rows += [row for reason, n in recent.items() for row in deals(days_ago, 0, 0, n, reason=reason)]
    return rows


def assets(used: int, unused: int) -> Tables:
    return {
        "content_assets": [{"name": "Deck", "created_at": moment(500)} for _ in range(used + unused)],
        "content_uses": [{"asset_id": pk, "used_at": moment(30)} for pk in range(1, used + 1)],
    }


def visits(n: int, won: int = 5) -> Tables:
    return {
        "activities": [{"kind": "Demo", "happened_at": moment(20)} for _ in range(n)],
        "opportunities": deals(20, won, 0),
    }


def year_of_money(revenue: int) -> Tables:
    day = date(LAST_YEAR, 6, 1)
    return {
        "invoices": [{"issued_on": day, "amount": Decimal(revenue)}],
        "spend": [{"spent_on": day, "amount": Decimal(100)}],
    }


def campaigns(loud_revenue: int) -> Tables:
    """Return a campaign of 60 leads that brought so much, beside one of 40 leads that brought 5,000."""
    day = date(LAST_YEAR, 5, 4)
    won = {"outcome": "won", "closed_on": date(LAST_YEAR, 9, 1)}
    return {
        "campaigns": [{"name": "Pink"}, {"name": "Blue"}],
        "leads": [{"first_contact_on": day, "campaign_id": 1 if pk < 60 else 2} for pk in range(100)],
        "opportunities": [
            {**won, "amount": Decimal(loud_revenue), "campaign_id": 1},
            {**won, "amount": Decimal(5000), "campaign_id": 2},
        ],
        "spend": [{"spent_on": day, "amount": Decimal(700), "campaign_id": 1}],
    }


def quotas(fair: int, unfair: int) -> Tables:
    row = {"starts_on": date(2026, 1, 1), "potential": Decimal(100)}
    return {"quotas": [{**row, "amount": Decimal(100)}] * fair + [{**row, "amount": Decimal(150)}] * unfair}


def records_until(days_ago: int) -> Tables:
    """Return leads of every second day, the last one so many days ago."""
    return {"leads": [{"created_at": moment(back)} for back in range(days_ago, 150, 2)]}


# By detector: a company in which it alerts, and one that is healthy.
CASES: dict[str, tuple[Tables, Tables]] = {
    "leads_never_followed_up": ({"handoffs": handoffs(20) + unanswered(10)}, {"handoffs": handoffs(29) + unanswered(1)}),
    "sla_breaches": ({"handoffs": handoffs(10) + answered_late(20)}, {"handoffs": handoffs(28) + answered_late(2)}),
    "slow_response": ({"handoffs": handoffs(10) + answered_late(20)}, {"handoffs": handoffs(28) + answered_late(2)}),
    "feedback_missing": (
        {"handoffs": handoffs(20) + handoffs(10, 40, end="", ended_at=None)},
        {"handoffs": handoffs(30, 40) + handoffs(10, 3, end="", ended_at=None)},  # the younger ones are not due yet
    ),
    "stale_leads": (in_progress(25, last_days_ago=40), in_progress(25, last_days_ago=4)),
    "nurture_untouched": (given_back(25, touched_days_ago=120), given_back(25, touched_days_ago=20)),
    "rejections_rising": (
        {"verdicts": weekly(lambda day, is_late: verdicts(day, 22 if is_late else 8))},
        {"verdicts": weekly(lambda day, is_late: verdicts(day, 8))},
    ),
    "sal_rate_falling": (
        {"handoffs": weekly(lambda day, is_late: handoffs(30, day) + handoffs(60 if is_late else 10, day, end="rejected"))},
        {"handoffs": weekly(lambda day, is_late: handoffs(30, day) + handoffs(10, day, end="rejected"))},
    ),
    "handoffs_without_score": (
        {"handoffs": handoffs(20) + handoffs(10, score=None), "scores": [{"lead_id": 1}]},
        {"handoffs": handoffs(30), "scores": [{"lead_id": 1}]},
    ),
    "content_unused": (assets(used=4, unused=8), assets(used=8, unused=4)),
    "close_rate_falling": (
        {"opportunities": weekly(lambda day, is_late: deals(day, 3 if is_late else 12, 20))},
        {"opportunities": weekly(lambda day, is_late: deals(day, 12, 20))},
    ),
    "no_decision_rising": (
        {"opportunities": weekly(lambda day, is_late: deals(day, 12, 12, 20 if is_late else 6))},
        {"opportunities": weekly(lambda day, is_late: deals(day, 12, 12, 6))},
    ),
    "no_decision_reason": ({"opportunities": undecided_for(A=6, B=1)}, {"opportunities": undecided_for(A=2, B=2, C=2)}),
    "cycle_lengthening": (
        {"opportunities": weekly(lambda day, is_late: deals(day, 5, 0, days=(140 if is_late else 60) + day % 5))},
        {"opportunities": weekly(lambda day, is_late: deals(day, 5, 0, days=60 + day % 5))},
    ),
    "smroi_under_benchmark": (year_of_money(217), year_of_money(270)),
    "campaigns_upside_down": (campaigns(loud_revenue=1000), campaigns(loud_revenue=9000)),
    "quotas_off": (quotas(fair=3, unfair=5), quotas(fair=7, unfair=1)),
    "data_late": (records_until(30), records_until(2)),
}  # fmt: skip
