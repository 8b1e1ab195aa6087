"""The numbers of hand-offs: met ÷ due, clocks that run counted as neither, the true time of late answers."""

from datetime import UTC, datetime
from typing import Any

import pytest

from core.formatting import format_by_unit, format_exact
from kpis.registry import BadCut, get_metric
from kpis.result import Result
from tests.kpis.ask_metric import ask
from tests.kpis.memory_facts import MemoryFacts


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}:00").replace(tzinfo=UTC)


def handoff(due: str | None, answered: str | None = None, **fields: Any) -> dict[str, Any]:
    return {
        "lead_id": 1, "owner_id": 1, "started_at": at("16T09:00"), "due_at": due and at(due), "answered_at": answered and at(answered),
        "end": "", **fields,
    }  # fmt: skip


HANDOFFS = [
    handoff("16T13:00", "16T10:00", response_seconds=3600.0),
    handoff("16T13:00", "16T13:00", response_seconds=14400.0),
    handoff("16T13:00", "18T09:00", breached_at=at("16T13:00"), response_seconds=57600.0, owner_id=2),
    handoff("16T13:00", breached_at=at("16T13:01"), owner_id=2),
    handoff(
        "16T13:00", "16T12:00", breached_at=at("16T13:00"), response_seconds=10800.0
    ),  # the CRM told late of an answer in time
    handoff("30T13:00"),  # runs
    handoff(None, "16T11:00", response_seconds=7200.0),  # nothing was signed for it
]


def asked(key: str, *, by: str = "", handoffs: list[dict[str, Any]] = HANDOFFS, **tables: Any) -> Result:
    facts = MemoryFacts(
        handoffs=handoffs, owners=[{"name": "Ada"}, {"name": "Bob"}], leads=[{"lead_source": "web"}], **tables
    )
    return ask(facts, key, by=by)


def test_compliance_is_met_by_due_and_what_runs_is_neither() -> None:
    found = asked("sla_compliance")
    assert (found.numerator, found.denominator, found.value) == (3, 5, 0.6)
    assert found.warnings == ("Running clocks: 1. They count as neither.",)


def test_nothing_due_is_no_compliance_and_not_all_of_it() -> None:
    assert asked("sla_compliance", handoffs=[handoff("30T13:00")]).value is None


def test_each_rep_has_their_own() -> None:
    parts = {part.label: (part.numerator, part.denominator) for part in asked("sla_compliance", by="owner").parts}
    assert parts == {"Ada": (3, 3), "Bob": (0, 2)}


def test_speed_to_lead_counts_late_answers_with_their_true_time() -> None:
    found = asked("speed_to_lead")
    assert found.quartiles
    assert (found.n, found.value, found.quartiles.highest) == (5, 180, 960)
    assert found.warnings == ("Hand-offs not answered yet, or never: 2. They are left out.",)
    wall = asked("speed_to_lead_on_the_wall")
    assert wall.quartiles
    assert wall.quartiles.highest == 48 * 60


def test_minutes_are_written_as_people_say_them() -> None:
    assert [format_by_unit(value, "minutes") for value in (95, 0, 0.5, 120, None)] == [
        "1\u202fh 35\u202fmin",
        "0\u202fmin",
        "30\u202fs",
        "2\u202fh",
        "–",
    ]
    assert format_exact(95, "minutes") == "95 minutes"


def verdict(answer: str, **fields: Any) -> dict[str, Any]:
    return {
        "handoff_id": 1,
        "lead_id": 1,
        "answer": answer,
        "given_at": at("16T10:00"),
        "settled_at": at("16T10:01"),
        **fields,
    }


def test_a_verdict_that_was_undone_never_was() -> None:
    given = [
        verdict("accepted"), verdict("rejected", criterion="budget"), verdict("rejected", criterion="budget"),
        verdict("rejected", undone_at=at("16T10:00"), settled_at=None), verdict("rejected", settled_at=None),
    ]  # fmt: skip
    assert asked("lead_acceptance_rate", verdicts=given).value == 1 / 3
    assert asked("lead_rejection_rate", verdicts=given).value == 2 / 3
    (part,) = [part for part in asked("lead_rejections", by="criterion", verdicts=given).parts if part.n]
    assert (part.label, part.value) == ("budget", 2)
    assert [part.label for part in asked("lead_acceptance_rate", by="owner", verdicts=given).parts] == ["Ada"]


def test_the_verdict_rate_leaves_out_what_was_withdrawn() -> None:
    ended = [
        handoff("16T13:00", end=end, ended_at=at("17T09:00"))
        for end in ("accepted", "rejected", "lapsed", "rerouted", "withdrawn")
    ]
    assert asked("verdict_rate", handoffs=ended).value == 0.5
    assert asked("time_to_verdict", handoffs=ended).value == 24 * 60


def test_no_source_brought_columns_for_what_happened_here() -> None:
    with pytest.raises(BadCut) as refused:
        get_metric("handoffs").check_dimension("custom.plan")
    assert "custom" not in str(refused.value).partition("Use one of")[2]
