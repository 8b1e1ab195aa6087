"""The case of one rep: each point for, against or unknown, with colleagues only in sums."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast

import pytest
from django.test import Client

from core.periods import Period
from crm import models as crm
from crm.people import People
from facts.engine import Facts
from facts.refresh import refresh
from kpis.quotas.case import CategoryCase, judge_attainment, judge_potential, judge_versions
from kpis.quotas.categories import CATEGORIES
from kpis.quotas.peers import Closed, Sample, compare_means, merge_samples, read_given, read_territory
from kpis.quotas.report import RepLine
from team.models import Company, Role, User
from tests import make
from tests.kpis.memory_facts import MemoryFacts

YEAR = Period(date(2025, 1, 1), date(2025, 12, 31))
MAY = date(2025, 5, 5)


def line(*, quota: Any = 100, potential: Any = 100, achieved: Any = 100, owner: int = 1) -> RepLine:
    return RepLine(
        owner, owner, f"Rep {owner}", "North", (), Decimal(quota), None if potential is None else Decimal(potential),
        None if achieved is None else Decimal(achieved),
    )  # fmt: skip


def case(own: RepLine, peers: int = 5, earlier: Any = (), **of_peers: Any) -> CategoryCase:
    others = tuple(line(owner=n + 2, **of_peers) for n in range(peers))
    return CategoryCase(CATEGORIES["volume"], own, others, earlier)


@pytest.mark.parametrize(("potential", "side"), [(89, "for"), (90, "against"), (120, "against"), (None, "unknown")])
def test_a_quota_high_for_its_potential_supports_the_claim(potential: Any, side: str) -> None:
    assert judge_potential(case(line(potential=potential)), "EUR").side == side


def test_fewer_than_five_colleagues_are_not_shown() -> None:
    few = case(line(potential=10, achieved=10), peers=4)
    assert judge_potential(few, "EUR").side == "unknown"
    assert judge_attainment(few, may_see=True, shows_peers=True).side == "unknown"
    assert judge_potential(case(line(potential=10), potential=None), "EUR").side == "unknown"


@pytest.mark.parametrize(
    ("own", "theirs", "side"), [(100, 50, "against"), (99, 50, "for"), (99, 100, "unknown"), (None, 50, "unknown")]
)
def test_attainment_alone_supports_nothing_unless_few_reach_it(own: Any, theirs: Any, side: str) -> None:
    assert judge_attainment(case(line(achieved=own), achieved=theirs), may_see=True, shows_peers=True).side == side


def test_attainment_is_not_told_to_who_may_not_see_it() -> None:
    hidden = judge_attainment(case(line(achieved=55), achieved=44), may_see=False, shows_peers=False)
    assert hidden.side == "unknown"
    assert "55" not in hidden.finding
    own_only = judge_attainment(case(line(achieved=55), achieved=44), may_see=True, shows_peers=False)
    assert (own_only.side, "leaders only" in own_only.finding) == ("unknown", True)


@pytest.mark.parametrize(
    ("earlier", "side"),
    [
        ((), "against"),
        ((("1", Decimal(100), "2", Decimal(110)),), "for"),
        ((("1", Decimal(100), "2", Decimal(90)),), "against"),
    ],
)
def test_a_quota_raised_during_the_year_supports_the_claim(earlier: Any, side: str) -> None:
    assert judge_versions(case(line(), earlier=earlier), "EUR").side == side


def test_samples_merge_as_if_they_had_been_one() -> None:
    merged = merge_samples([Sample(2, 2.0, 2.0), Sample(2, 6.0, 2.0), Sample()])  # 1, 3 and 5, 7
    assert (merged.n, merged.mean) == (4, 4.0)
    assert merged.variance == pytest.approx(20 / 3)
    assert merge_samples([]) == Sample()


def test_means_of_few_values_are_not_compared() -> None:
    assert compare_means(Sample(19, 5, 1), Sample(99, 5, 1)) is None
    low, high = compare_means(Sample(25, 50, 100), Sample(100, 60, 100)) or (0, 0)
    assert (round(low, 2), round(high, 2)) == (-14.38, -5.62)


def test_leads_and_accounts_are_those_of_the_person_in_the_year() -> None:
    started = datetime(2025, 5, 5, 12, tzinfo=UTC)
    facts = MemoryFacts(
        handoffs=[
            {"owner_id": 1, "started_at": started, "score": 40}, {"owner_id": 2, "started_at": started, "score": 60},
            {"owner_id": 2, "started_at": started}, {"owner_id": 1, "started_at": datetime(2024, 5, 5, tzinfo=UTC), "score": 9},
        ],
        accounts=[{"owner_id": 1}, {"owner_id": 2}, {"owner_id": None}],
    )  # fmt: skip
    given = read_given(cast(Facts, facts), People({1: (1, 2)}, {1: 1, 2: 1}), YEAR)
    assert (given[1].leads, given[1].accounts, given[1].scores.n, given[1].scores.mean) == (3, 2, 2, 50)


def test_the_territory_is_judged_by_the_deals_of_colleagues() -> None:
    def deal(owner: int | None, territory: int | None, outcome: str, day: date = MAY) -> dict[str, Any]:
        return {"owner_id": owner, "territory_id": territory, "outcome": outcome, "closed_on": day}

    facts = MemoryFacts(opportunities=[
        deal(1, 7, "won"), deal(2, 7, "won"), deal(None, 7, "lost"), deal(2, 8, "no_decision"), deal(2, 8, "open"),
        deal(2, None, "won"), deal(2, 8, "won", date(2024, 5, 5)),
    ])  # fmt: skip
    assert read_territory(cast(Facts, facts), 7, [1], YEAR) == (Closed(1, 2), Closed(0, 1))


@pytest.fixture
def asked(company: Company, rep: User, time_machine: Any) -> list[crm.Owner]:
    """Seven reps with a quota of 1,000; the potential of Rita, whose quota was raised in the year, is 500."""
    time_machine.move_to("2026-06-10 12:00:00+00:00", tick=False)
    owners = [
        make.owner(name="Rita", user=rep),
        *(make.owner(name=f"Colleague {n}", user=make.user()) for n in range(6)),
    ]
    for n, owner in enumerate(owners):
        make.record(
            crm.Quota, owner=owner, category="Volume", version="1", amount=Decimal(1000 + n), currency="EUR",
            potential=Decimal(500 if n == 0 else 1000), starts_on=YEAR.start, ends_on=YEAR.end,
        )  # fmt: skip
        make.opportunity(owner=owner, outcome="won", amount=Decimal(700 + n), closed_on=MAY)
    make.record(
        crm.Quota, owner=owners[0], category="Volume", version="2", amount=Decimal(1200), currency="EUR", potential=Decimal(500),
        starts_on=YEAR.start, ends_on=YEAR.end,
    )  # fmt: skip
    refresh()
    return owners


def text_of(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def test_a_rep_reads_their_own_case_and_no_colleague_by_name(asked: list[crm.Owner], as_user: Any, rep: User) -> None:
    client = as_user(rep)
    text = text_of(client, f"/quotas/{asked[0].pk}/")
    assert "€500 ÷ €1,200 = 0.42; the mean of 6 colleagues is 1.00" in text
    assert "Version 1 €1,000 → version 2 €1,200 (+20%)" in text
    assert "58% was reached" in text
    assert "of 6 colleagues reached theirs" in text
    assert "Colleague 3" not in text
    assert text_of(client, "/quotas/").count(f"/quotas/{asked[0].pk}/") == 2
    for other in asked[1:]:
        text_of(client, f"/quotas/{other.pk}/", 404)
        assert client.get(f"/api/v1/quota-fairness/{other.pk}/").status_code == 404


def test_api_and_csv_have_the_points_of_the_page(asked: list[crm.Owner], as_user: Any, cro: User) -> None:
    client = as_user(cro)
    answer = client.get(f"/api/v1/quota-fairness/{asked[0].pk}/?year=2025").json()
    sides = {point["title"]: point["side"] for point in answer["points"]}
    assert sides["Volume: potential against quota"] == sides["Volume: versions in the year"] == "for"
    assert sides["Territory"] == sides["Quality of leads"] == "unknown"
    assert answer["sentence"] in text_of(client, f"/quotas/{asked[0].pk}/")
    content = b"".join(client.get(f"/quotas/{asked[0].pk}/?format=csv")).decode("utf-8-sig")  # type: ignore[arg-type]
    assert len(content.splitlines()) == len(answer["points"]) + 1


def test_where_only_leaders_know_achievement_a_rep_learns_nothing_of_colleagues(
    asked: list[crm.Owner], as_user: Any, rep: User, cro: User
) -> None:
    Company.objects.update(achievement=Company.Achievement.LEADERS)
    assert "Colleagues’ attainment is shown to leaders only" in text_of(as_user(rep), f"/quotas/{asked[0].pk}/")
    assert "of 6 colleagues reached theirs" in text_of(as_user(cro), f"/quotas/{asked[0].pk}/")


def test_a_manager_without_leave_to_see_achievement_does_not_see_it(
    asked: list[crm.Owner], as_user: Any, rep: User
) -> None:
    manager = make.user(Role.REP)
    rep.manager = manager
    rep.save()
    Company.objects.update(achievement=Company.Achievement.LEADERS)
    text = text_of(as_user(manager), f"/quotas/{asked[0].pk}/")
    assert "58%" not in text
    assert "€700" not in text


@pytest.mark.parametrize("year", ["1999", "2026"])
def test_a_year_without_quotas_shows_the_last_one_with_some(
    asked: list[crm.Owner], as_user: Any, cro: User, year: str
) -> None:
    assert "2025" in text_of(as_user(cro), f"/quotas/{asked[0].pk}/?year={year}")


def test_a_person_without_a_quota_has_no_case(asked: list[crm.Owner], as_user: Any, cro: User) -> None:
    client = as_user(cro)
    text_of(client, f"/quotas/{make.owner().pk}/", 404)
    text_of(client, "/quotas/99999999/", 404)
