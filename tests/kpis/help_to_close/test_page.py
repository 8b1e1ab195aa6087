"""Deals, touches and hand-offs read from the facts, and the page, the sheet and the API that show them."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from core.periods import Period
from kpis.help_to_close import page as help_page
from kpis.help_to_close.cohort import read_cohort
from kpis.help_to_close.handed_over import read_handed_over
from kpis.help_to_close.page import HelpPage, build_page
from team.models import Company, Role
from tests import make
from tests.kpis.memory_facts import MemoryFacts

pytestmark = pytest.mark.django_db
Use = Callable[..., MemoryFacts]
TODAY = MemoryFacts.as_of.date()  # November 22, 2026
OPENED = date(2026, 3, 2)
ALL = Period(None, None)


@pytest.fixture(autouse=True)
def _today() -> Any:
    with time_machine.travel(MemoryFacts.as_of, tick=False):
        yield


@pytest.fixture
def use_facts(monkeypatch: pytest.MonkeyPatch, company: Company) -> Use:
    def use(**tables: Any) -> MemoryFacts:
        facts = MemoryFacts(**tables)
        monkeypatch.setattr(help_page, "open_facts", lambda: facts)
        return facts

    return use


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def deal(pk: int, days: int, outcome: str, **fields: Any) -> dict[str, Any]:
    closed = OPENED + timedelta(days=days)
    return {
        "id": pk, "account_id": pk, "outcome": outcome, "amount": 1000, "stage": "Closed", "opened_on": OPENED, "closed_on": closed,
        "kind": "New", **fields,
    }  # fmt: skip


def discovery(pk: int, opened: date = OPENED) -> dict[str, Any]:
    return {"opportunity_id": pk, "track": "deal", "stage": "Discovery", "entered_at": at(opened), "amount": 1000}


def touch(pk: int, days: int) -> dict[str, Any]:
    return {"contact_id": pk, "happened_at": at(OPENED + timedelta(days=days))}


def tables(touched: int = 24, others: int = 24) -> dict[str, list[dict[str, Any]]]:
    """Return touched deals, three of four of them won after 60 days, and untouched ones, one of four won after 80 days."""
    deals = [deal(pk, 60, "lost" if pk % 4 == 0 else "won") for pk in range(1, touched + 1)]
    deals += [deal(pk, 80, "won" if pk % 4 == 0 else "no_decision") for pk in range(touched + 1, touched + others + 1)]
    size = touched + others
    return {
        "opportunities": deals,
        "accounts": [{"id": pk} for pk in range(1, size + 1)],
        "contacts": [{"id": pk, "account_id": pk} for pk in range(1, size + 1)],
        "stage_changes": [discovery(pk) for pk in range(1, size + 1)],
        "touches": [touch(pk, 20) for pk in range(1, touched + 1)],
    }


def ask(segment: str = "none") -> HelpPage:
    return build_page(ALL, segment)


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_touched_deals_are_held_against_like_deals(use_facts: Use) -> None:
    use_facts(**tables())
    page = ask()
    comparison = page.help.comparison
    assert comparison
    assert (page.help.touched, page.help.matched, comparison.touched_rate.value) == (24, 24, 0.75)
    assert 0.05 < comparison.control_rate.value < 0.45
    assert comparison.touched_days
    assert comparison.control_days
    assert (comparison.touched_days.value, comparison.control_days.value) == (60, 80)
    assert "won" in page.sentence
    assert page.help.pairs[0][1] == 20


def test_a_touch_on_the_opening_day_on_the_closing_day_or_later_is_no_help_while_open(use_facts: Use) -> None:
    facts = use_facts(
        **tables() | {"touches": [touch(1, 0), touch(2, 60), touch(3, 70), touch(4, 59), touch(4, 30), touch(5, 1)]}
    )
    cohort = read_cohort(facts, ALL, "none", TODAY)  # type: ignore[arg-type]
    ages = {
        int(pk): float(age)
        for pk, age in zip(cohort.deals.ids, cohort.deals.touched, strict=True)
        if age != float("inf")
    }
    assert ages == {4: 30, 5: 1}


def test_the_lead_of_a_deal_and_the_contact_it_became_are_its_people(use_facts: Use) -> None:
    rows = tables()
    rows["opportunities"][0] |= {"account_id": None, "lead_id": 7}
    rows["leads"] = [{"id": 7, "contact_id": None}]
    rows["touches"] = [{"lead_id": 7, "happened_at": at(OPENED + timedelta(days=9))}]
    facts = use_facts(**rows)
    cohort = read_cohort(facts, ALL, "none", TODAY)  # type: ignore[arg-type]
    assert cohort.deals.touched[0] == 9


def test_young_deals_are_not_judged_and_old_open_ones_count_as_not_won(use_facts: Use) -> None:
    rows = tables()
    young = deal(901, 0, "open", opened_on=TODAY - timedelta(days=30), closed_on=None)
    old = deal(902, 0, "open", closed_on=None)
    rows["opportunities"] += [young, old]
    facts = use_facts(**rows)
    cohort = read_cohort(facts, ALL, "none", TODAY)  # type: ignore[arg-type]
    assert (cohort.young, cohort.size, cohort.matures_days) == (1, 49, 80)
    row = list(cohort.deals.ids).index(902)
    assert not cohort.deals.is_won[row]
    assert cohort.deals.ended[row] == (TODAY - OPENED).days + 1


def test_stages_and_types_are_matched_and_the_balance_shows_it(use_facts: Use) -> None:
    rows = tables(24, 60)
    for row in rows["opportunities"][24:40]:
        row["kind"] = "Renewal"
    use_facts(**rows)
    page = ask()
    balances = {balance.trait.key: balance for balance in page.help.balances}
    assert balances["kind"].before > 0.2
    assert balances["kind"].after == 0
    renewals = {row["id"] for row in rows["opportunities"][24:40]}
    assert not renewals & {pk for _, _, controls in page.help.pairs for pk in controls}


def test_a_deal_without_a_stage_on_record_is_counted(use_facts: Use) -> None:
    rows = tables()
    rows["stage_changes"] = rows["stage_changes"][1:]
    use_facts(**rows)
    page = ask()
    assert (page.help.unknown, page.help.matched) == (1, 23)
    assert "Stage on that day not on record: 1." in page.matching_note


# Late answers


def handoff(pk: int, answered_hours: int | None, **fields: Any) -> dict[str, Any]:
    started = datetime(2026, 3, 2, 9, tzinfo=UTC)
    due = started + timedelta(hours=8)
    answered = None if answered_hours is None else started + timedelta(hours=answered_hours)
    late = answered is None or answered > due
    return {
        "id": pk, "lead_id": pk, "started_at": started, "due_at": due, "answered_at": answered, "breached_at": due if late else None,
        "score": 50, **fields,
    }  # fmt: skip


def handed_tables() -> dict[str, list[dict[str, Any]]]:
    """Return 40 leads answered in time, 20 of them won, and 40 answered late, 10 of them won, each win 1,000."""
    handoffs = [handoff(pk, 2 if pk <= 40 else 20) for pk in range(1, 81)]
    winners = [*range(1, 21), *range(41, 51)]
    deals = [deal(pk, 60, "won", lead_id=pk) for pk in winners]
    return {
        "handoffs": handoffs,
        "leads": [{"id": pk, "lead_source": "web"} for pk in range(1, 81)],
        "opportunities": deals,
    }


def test_late_answers_at_equal_quality_lost_what_their_rate_lost(use_facts: Use) -> None:
    use_facts(**handed_tables())
    page = ask()
    (label, lost), *rest = page.answers.lost
    assert (label, lost.in_time, lost.late, rest) == ("Answered late", (20, 40), (10, 40), [])
    assert (lost.total.value, lost.timing.value, lost.quality.value) == (10_000, 10_000, 0)
    assert "€10.0K by timing" in plain(page.answers_finding)


def test_a_lead_counts_once_and_withdrawn_running_and_young_hand_offs_do_not(use_facts: Use) -> None:
    rows = handed_tables()
    started = datetime(2026, 11, 20, 9, tzinfo=UTC)
    rows["handoffs"] += [
        handoff(101, 2) | {"lead_id": 1, "started_at": datetime(2026, 3, 9, 9, tzinfo=UTC)},
        handoff(102, 2) | {"end": "withdrawn", "lead_id": 102},
        handoff(103, None) | {"breached_at": None, "lead_id": 103},
        handoff(104, 2) | {"lead_id": 104, "started_at": started},
    ]
    facts = use_facts(**rows)
    handed = read_handed_over(facts, Company.get(), ALL, TODAY)  # type: ignore[arg-type]
    assert [handed.count(kind) for kind in (0, 1, 2)] == [40, 40, 0]
    assert (handed.running, handed.young) == (1, 1)


def test_a_win_before_the_hand_off_is_not_what_came_of_it(use_facts: Use) -> None:
    rows = handed_tables()
    rows["opportunities"][0] |= {"opened_on": date(2025, 1, 1), "closed_on": date(2026, 2, 1)}
    facts = use_facts(**rows)
    handed = read_handed_over(facts, Company.get(), ALL, TODAY)  # type: ignore[arg-type]
    assert handed.leads.is_won.sum() == 29


# The page


def test_the_api_and_the_sheet_have_the_numbers_of_the_page(use_facts: Use, client: Client) -> None:
    use_facts(**tables())
    client.force_login(make.user(Role.CMO))
    page = plain(client.get("/help-to-close/?segment=none").content.decode())
    assert "This is an association, not proof" in page
    answer = json.loads(client.get("/api/v1/help-to-close/?segment=none").content)
    shown = ask().help.comparison
    assert shown
    assert answer["difference"]["value"] == shown.difference.value
    assert (answer["matched"], answer["touched"]) == (24, 24)
    rows = b"".join(client.get("/help-to-close/?segment=none&format=csv").streaming_content).decode().splitlines()
    assert len(rows) == 1 + sum(len(controls) for _, _, controls in ask().help.pairs)


def test_without_records_the_page_says_what_to_import(use_facts: Use, client: Client) -> None:
    use_facts()
    client.force_login(make.user(Role.CMO))
    text = client.get("/help-to-close/").content.decode()
    assert "Too few deals to compare" in text
    assert "Too few leads to compare" in text


def test_wrong_words_are_refused_and_a_rep_of_a_restricted_company_sees_nothing(use_facts: Use, client: Client) -> None:
    use_facts(**tables())
    client.force_login(make.user(Role.CMO))
    assert client.get("/help-to-close/?segment=mood").status_code == 400
    assert client.get("/api/v1/help-to-close/?segment=mood").status_code == 400
    assert client.get("/api/v1/help-to-close/?period=someday").status_code == 400
    Company.objects.update(visibility=Company.Visibility.RESTRICTED)
    client.force_login(make.user(Role.REP))
    assert client.get("/help-to-close/").status_code == 403
    assert client.get("/api/v1/help-to-close/").status_code == 403


def test_twice_the_deals_ask_no_more_questions(use_facts: Use) -> None:
    few = use_facts(**tables())
    ask()
    many = use_facts(**tables(48, 48))
    ask()
    assert few.questions == many.questions
