"""Who may do what, and who sees whose: every role, both settings."""

import pytest
from django.contrib.auth.models import AnonymousUser

from team import access
from team.models import Company, Role, User
from tests import make

pytestmark = pytest.mark.django_db
EVERYWHERE = {Role.CEO, Role.CMO, Role.CRO, Role.OPS, Role.CFO}
MAY = {
    "import": {Role.OPS, Role.CMO, Role.CRO},
    "manage_company": {Role.OPS},
    "recompute": {Role.OPS, Role.CMO, Role.CRO, Role.CFO, Role.CEO},
    "replay_plans": EVERYWHERE,
    "route": {Role.OPS, Role.CRO},
    "open_rounds": {Role.CEO, Role.CMO, Role.CRO, Role.OPS},
    "read_rounds": {Role.CEO, Role.CMO, Role.CRO, Role.CFO},
    "see_campaigns": set(Role),  # in an open company
    "see_cost_drivers": set(Role),  # in an open company
    "see_revenue": EVERYWHERE,
    "see_forecast": EVERYWHERE | {Role.REP, Role.MARKETER},
    "see_leads_needed": set(Role),  # in an open company
    "see_overview": {Role.CEO, Role.CFO},
    "see_quotas": EVERYWHERE | {Role.REP},
    "see_rounds": {Role.CEO, Role.CMO, Role.CRO, Role.OPS, Role.CFO},
    "see_scores": {Role.CEO, Role.CMO, Role.CRO, Role.OPS, Role.CFO, Role.MARKETER},
    "see_spend": {Role.CEO, Role.CMO, Role.CRO, Role.OPS, Role.CFO, Role.MARKETER},
    "set_detectors": {Role.CEO, Role.CMO, Role.CRO, Role.OPS},
    "set_goal": {Role.CEO, Role.CMO, Role.CRO, Role.CFO},
    "set_scores": {Role.OPS, Role.CMO, Role.CRO},
    "set_benchmark": {Role.CFO, Role.OPS},
    "spot": {Role.REP, Role.SUPPORT, Role.MARKETER, Role.CMO, Role.CRO, Role.CEO},
    "work_leads": {Role.REP, Role.CRO, Role.SUPPORT},
}


@pytest.mark.parametrize("right", MAY)
@pytest.mark.parametrize("role", Role.values)
def test_each_role_has_its_rights_and_no_others(right: str, role: str) -> None:
    assert access.has_right(make.user(role), right) is (role in MAY[right])


def test_the_test_knows_every_right() -> None:
    assert set(MAY) == set(access.RIGHTS)


@pytest.mark.parametrize("right", MAY)
def test_an_owner_has_every_right_and_neither_strangers_nor_the_deactivated_have_any(right: str) -> None:
    assert access.has_right(make.user(Role.CEO, is_superuser=True), right)
    assert not access.has_right(make.user(Role.OPS, is_superuser=True, is_active=False), right)
    assert not access.has_right(AnonymousUser(), right)


@pytest.mark.parametrize("role", Role.values)
def test_in_an_open_company_everyone_reads_every_buyer(company: Company, role: str) -> None:
    assert access.can_see_all_buyers(make.user(role))


@pytest.mark.parametrize("role", Role.values)
def test_in_a_restricted_company_only_leaders_ops_and_finance_do(company: Company, role: str) -> None:
    Company.objects.update(visibility=Company.Visibility.RESTRICTED)
    assert access.can_see_all_buyers(make.user(role)) is (role in EVERYWHERE)


def test_a_stranger_reads_no_buyer(company: Company) -> None:
    assert not access.can_see_all_buyers(AnonymousUser())


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("setting", Company.Achievement.values)
def test_achievement_is_seen_as_the_company_has_decided(company: Company, role: str, setting: str) -> None:
    Company.objects.update(achievement=setting)
    user = make.user(role)
    under = make.user(Role.REP, manager=user)
    make.user(Role.REP)
    seen = access.achievement_ids(user)
    if role in EVERYWHERE or setting == Company.Achievement.EVERYBODY:
        assert seen is None
    elif setting == Company.Achievement.TEAM:
        assert seen == {user.pk, under.pk}
    else:
        assert seen == set()


def test_a_stranger_sees_no_ones_achievement(company: Company) -> None:
    assert access.achievement_ids(AnonymousUser()) == set()


def test_a_team_is_oneself_ones_peers_and_everyone_below(cro: User, rep: User) -> None:
    peer = make.user(Role.REP, manager=cro)
    below = make.user(Role.REP, manager=rep)
    furthest = make.user(Role.REP, manager=below)
    make.user(Role.REP)
    assert access.team_ids(rep) == {rep.pk, peer.pk, below.pk, furthest.pk}
    assert access.own_ids(rep) == {rep.pk, below.pk, furthest.pk}
    assert access.reports_of(cro) == {rep.pk, peer.pk, below.pk, furthest.pk}


def test_people_without_manager_are_not_each_others_team(company: Company) -> None:
    one, _other = make.user(Role.REP), make.user(Role.REP)
    assert access.team_ids(one) == {one.pk}


def test_a_circle_of_managers_ends(company: Company) -> None:
    one = make.user(Role.REP)
    two = make.user(Role.REP, manager=one)
    User.objects.filter(pk=one.pk).update(manager=two)
    one.refresh_from_db()
    assert access.reports_of(one) == {one.pk, two.pk}
