"""Who gets a lead and why: the rules in order, by capacity, fair, the same every time."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.models import Lead, Owner
from funnel.handoffs.assignment import Dealer, Taker
from funnel.handoffs.routing import Router
from funnel.models import Absence, Capacity, HandOff, RoutingRule
from funnel.routing.actions import set_capacity
from team.models import Role, Territory, User
from tests import make
from tests.funnel.handoff_factory import local, seller

NOON = local("2026-11-18T12:00:00")


def routed(*leads: Lead) -> list[tuple[str, str]]:
    routes = Router(NOON).route(leads)
    return [(str(routes[lead.pk].owner), routes[lead.pk].why) for lead in leads]


def test_the_owner_of_the_account_comes_first_then_the_leads_own(cro: User) -> None:
    ada, bob = seller("Ada", cro), seller("Bob", cro)
    acme = make.account(name="Acme", owner=ada)
    assert routed(make.lead(account=acme, owner=bob), make.lead(owner=bob)) == [
        ("Ada", "Ada owns the account Acme"), ("Bob", "Bob owns the lead in the CRM"),
    ]  # fmt: skip


def test_someone_of_marketing_is_no_target(cro: User) -> None:
    seller("Ada", cro)
    marketer = make.owner(name="Max", user=make.user(Role.MARKETER))
    assert routed(make.lead(owner=marketer)) == [("Ada", "Ada's turn by capacity (lead 1 of 20 this week)")]


def test_a_territory_is_asked_before_the_one_around_it(cro: User) -> None:
    north = Territory.objects.create(name="North")
    coast = Territory.objects.create(name="Coast", parent=north)
    seller("Ada", cro)
    bob = seller("Bob", cro, territory=north)
    assert [
        name for name, _ in routed(make.lead(territory=coast), make.lead(account=make.account(territory=north)))
    ] == ["Bob", "Bob"]
    make.owner(name="Cleo", territory=coast)
    assert routed(make.lead(territory=coast))[0][0] == "Cleo"
    assert bob.is_active


def test_a_segment_goes_to_those_named_for_it(cro: User) -> None:
    ada, bob = seller("Ada", cro), seller("Bob", cro)
    rule = RoutingRule.objects.create(
        position=1, name="Large companies", how="segment", condition={"field": "employees", "is": ">=", "value": 500}
    )
    rule.people.add(bob)
    RoutingRule.objects.create(position=2, name="The rest", how="everybody")
    Capacity.objects.create(owner=ada, per_week=10)
    large, small = make.lead(employees=600), make.lead(employees=5)
    assert routed(large, small) == [
        ("Bob", "Segment “Large companies”: Bob's turn by capacity (lead 1 of 20 this week)"),
        ("Ada", "Ada's turn by capacity (lead 1 of 10 this week)"),
    ]  # fmt: skip


def test_many_leads_are_asked_of_the_facts(cro: User) -> None:
    from facts.refresh import refresh

    bob = seller("Bob", cro)
    RoutingRule.objects.create(
        position=1, name="Large", how="segment", condition={"field": "employees", "is": ">=", "value": 500}
    ).people.add(bob)
    leads = [make.lead(employees=size) for size in (1, 600, 3, 700, 5, 6, 7)]
    refresh()
    assert [name for name, _ in routed(*leads)] == ["None", "Bob", "None", "Bob", "None", "None", "None"]


def test_leads_are_dealt_by_capacity_of_day_and_week(cro: User) -> None:
    for name, day, week in (("Ada", None, 30), ("Bob", None, 10), ("Cleo", 2, None), ("Dan", None, 0)):
        Capacity.objects.create(owner=seller(name, cro), per_day=day, per_week=week)
    given_to = Counter(name for name, _ in routed(*(make.lead() for _ in range(20))))
    assert given_to == {"Ada": 14, "Bob": 4, "Cleo": 2}


def test_when_everyone_is_full_the_least_laden_takes_it_and_that_is_said(cro: User) -> None:
    Capacity.objects.create(owner=seller("Ada", cro), per_week=1)
    assert [why for _, why in routed(make.lead(), make.lead())] == [
        "Ada's turn by capacity (lead 1 of 1 this week)",
        "Ada's turn by capacity (lead 2 of 1 this week; all capacities are used up)",
    ]


def test_what_someone_got_this_week_counts(cro: User) -> None:
    ada, bob = seller("Ada", cro), seller("Bob", cro)
    for _ in range(2):
        HandOff.objects.create(lead=make.lead(), to_owner=ada, started_at=NOON - timedelta(hours=3), why="")
    HandOff.objects.create(lead=make.lead(), to_owner=bob, started_at=NOON - timedelta(days=5), why="")  # last week
    assert [name for name, _ in routed(make.lead(), make.lead(), make.lead())] == ["Bob", "Bob", "Ada"]


@settings(max_examples=60, deadline=None)
@given(weeks=st.lists(st.integers(1, 50), min_size=1, max_size=8), leads=st.integers(0, 400))
def test_no_one_is_ahead_of_their_share_by_more_than_a_lead(weeks: list[int], leads: int) -> None:
    dealer = Dealer([Taker(place, str(place), per_week=week * 100) for place, week in enumerate(weeks)])
    dealt = Counter(taker.owner_id for _ in range(leads) if (taker := dealer.deal(range(len(weeks)))))
    assert dealt.total() == leads
    for place, week in enumerate(weeks):
        fair = leads * week / sum(weeks)
        assert dealt[place] < fair + 1 + week / sum(weeks) * len(weeks)
        assert dealt[place] > fair - len(weeks)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=8), st.integers(0, 60))
def test_the_quick_deal_is_the_slow_one(people: list[tuple[int, int]], leads: int) -> None:
    """The heap deals as a person would who looks at everyone each time; and twice the same."""

    def takers() -> list[Taker]:
        return [Taker(place, str(place), day or None, week) for place, (day, week) in enumerate(people)]

    quick, slow, pool = Dealer(takers()), Dealer(takers()), tuple(range(len(people)))
    for _ in range(leads):
        a, b = quick.deal(pool), slow.deal(pool, without={-1})
        assert (a and a.owner_id) == (b and b.owner_id)


def test_ten_leads_or_forty_are_routed_with_the_same_questions(cro: User) -> None:
    seller("Ada", cro)
    counts = []
    for many in (10, 40):
        leads = list(Lead.objects.filter(pk__in=[make.lead().pk for _ in range(many)]).select_related("account"))
        with CaptureQueriesContext(connection) as asked:
            Router(NOON).route(leads)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 12


@pytest.mark.parametrize("gone", ["owner", "user"])
def test_who_is_gone_takes_none(cro: User, gone: str) -> None:
    ada, _bob = seller("Ada", cro), seller("Bob", cro)
    if gone == "owner":
        Owner.objects.filter(pk=ada.pk).update(is_active=False)
    else:
        User.objects.filter(pk=ada.user_id).update(is_active=False)
    assert [name for name, _ in routed(make.lead(owner=ada), make.lead())] == ["Bob", "Bob"]


def test_a_person_with_several_owner_records_has_one_turn(cro: User) -> None:
    """Three records of one rep are not three reps: of 31 leads Noah got 24."""
    noah, bob = seller("Noah", cro), seller("Bob", cro)
    make.owner(name="noah@example.com", email="Noah@example.com")
    make.owner(name="Noah L.", user=noah.user)
    make.owner(name="N. Lindqvist", email="noah@example.com", is_active=False)
    assert Counter(name for name, _ in routed(*(make.lead() for _ in range(10)))) == {"Noah": 5, "Bob": 5}
    HandOff.objects.create(
        lead=make.lead(), to_owner=Owner.objects.get(name="Noah L."), started_at=NOON - timedelta(hours=1), why=""
    )
    assert routed(make.lead())[0] == ("Bob", "Bob's turn by capacity (lead 1 of 20 this week)")
    assert bob.is_active


def test_capacity_and_absence_are_a_persons(cro: User) -> None:
    noah, bob = seller("Noah", cro), seller("Bob", cro)
    other = make.owner(name="Noah L.", email="noah@example.com")
    set_capacity(by=cro, owner=noah, per_day=None, per_week=1)
    set_capacity(by=cro, owner=other, per_day=None, per_week=60)
    assert list(Capacity.objects.values_list("owner__name", "per_week")) == [("Noah L.", 60)]
    assert Counter(name for name, _ in routed(*(make.lead() for _ in range(8)))) == {"Noah": 6, "Bob": 2}
    Absence.objects.create(owner=other, starts_on=NOON.date(), ends_on=NOON.date())
    assert routed(make.lead(), make.lead(owner=noah)) == [
        ("Bob", "Bob's turn by capacity (lead 1 of 20 this week)"),
        (
            "Bob",
            "Noah, who owns the lead in the CRM, is away until Nov 18, 2026; Bob's turn by capacity (lead 2 of 20 this week)",
        ),
    ]
    assert bob.is_active


def test_who_had_a_lead_does_not_get_it_again_by_another_record(cro: User) -> None:
    noah = seller("Noah", cro)
    make.owner(name="Noah L.", email="noah@example.com")
    lead = make.lead()
    assert Router(NOON).route([lead], {lead.pk: {noah.pk}})[lead.pk].owner is None


def test_leaders_take_turns_only_with_a_capacity(cro: User) -> None:
    """The chief of Sales, anyone who users report to, and anyone who owners report to in the CRM."""
    chief = make.owner(name="Chief", user=cro)
    lead_rep = seller("Tia", cro)
    seller("Ada", lead_rep.user)
    boss = make.owner(name="Boss")
    make.owner(name="Cleo", manager=boss)
    north = Territory.objects.create(name="North")
    Owner.objects.filter(pk__in=[chief.pk, lead_rep.pk, boss.pk]).update(territory=north)
    assert {name for name, _ in routed(*(make.lead() for _ in range(6)), make.lead(territory=north))} == {"Ada"}
    assert routed(make.lead(owner=chief)) == [("Chief", "Chief owns the lead in the CRM")]
    Capacity.objects.create(owner=lead_rep, per_week=20)
    assert Counter(name for name, _ in routed(*(make.lead() for _ in range(6)))) == {"Ada": 3, "Tia": 3}


def test_a_capacity_of_one_leaves_the_others_their_usual_week(cro: User) -> None:
    ada = seller("Ada", cro)
    seller("Bob", cro)
    Capacity.objects.create(owner=ada, per_week=10)
    assert Counter(name for name, _ in routed(*(make.lead() for _ in range(6)))) == {"Ada": 2, "Bob": 4}
