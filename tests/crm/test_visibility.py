"""One door to each kind of record: who sees whose, under both settings of the company, for every model there is."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from crm.models import Lead, Owner, Quota, Record, Spend
from team.models import Company, Role, User
from tests import make
from tests.imports.importing import records

LEADERS = [Role.CEO, Role.CMO, Role.CRO, Role.OPS, Role.CFO]
OTHERS = [Role.REP, Role.MARKETER, Role.SUPPORT]
MODELS = records()
OWNED = [model for model in MODELS if model.OWNED_THROUGH]
PATHS = [(model, path) for model in OWNED for path in model.OWNED_THROUGH]


NEEDED: dict[str, dict[str, Any]] = {
    "ExchangeRate": {"valued_on": "2026-01-02", "rate": 2, "currency": "USD", "base": "EUR"}
}


def made(model: type[Record], **fields: Any) -> Record:
    found: Record = make.record(model, **NEEDED.get(model.__name__, {}), **fields)
    return found


def restrict(company: Company) -> None:
    company.visibility = Company.Visibility.RESTRICTED
    company.save()


def owned_by(model: type[Record], path: str, user: User | None) -> Record:
    """Make a record that belongs to a user through the path, such as contact__account__owner."""
    owner = make.owner(user=user)
    first, _, rest = path.partition("__")
    field = model._meta.get_field(first)
    target: Any = field.related_model
    value = owned_by(target, rest, user) if rest else owner
    return made(model, **{first: value})


def sees(user: User | AnonymousUser, record: Record) -> bool:
    return type(record).objects.visible_to(user).filter(pk=record.pk).exists()


@pytest.fixture
def people(cro: User, rep: User) -> dict[str, User]:
    """Rita's team: her manager, a peer and a person who reports to her; and a rep of another team."""
    return {
        "own": rep,
        "peer": make.user(Role.REP, manager=cro),
        "report": make.user(Role.REP, manager=rep),
        "stranger": make.user(Role.REP, manager=make.user(Role.CRO)),
    }


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@pytest.mark.parametrize("is_restricted", [False, True], ids=["open", "restricted"])
def test_leaders_see_all_and_visitors_nothing(company: Company, model: type[Record], is_restricted: bool) -> None:
    if is_restricted:
        restrict(company)
    record = made(model)
    for role in LEADERS:
        assert sees(make.user(role), record), role
    assert not sees(AnonymousUser(), record)
    assert not sees(make.user(Role.CEO, is_active=False), record)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_while_the_company_is_open_everyone_reads_every_buyer(company: Company, model: type[Record]) -> None:
    record = owned_by(model, model.OWNED_THROUGH[0], None) if model.OWNED_THROUGH else made(model)
    closed = {Spend: {Role.REP, Role.SUPPORT}, Quota: {*OTHERS}}.get(model, set())
    for role in OTHERS:
        assert sees(make.user(role), record) is (role not in closed), role


@pytest.mark.parametrize(("model", "path"), PATHS, ids=lambda found: getattr(found, "__name__", found))
def test_restricted_a_rep_reads_own_buyers_and_the_teams(
    company: Company, people: dict[str, User], model: type[Record], path: str
) -> None:
    restrict(company)
    found = {name: sees(people["own"], owned_by(model, path, user)) for name, user in people.items()}
    expected = {"own": True, "peer": model is not Quota, "report": True, "stranger": False}
    assert found == expected
    assert not sees(people["own"], owned_by(model, path, None))


@pytest.mark.parametrize(
    "model", [model for model in MODELS if not model.OWNED_THROUGH], ids=lambda model: model.__name__
)
def test_restricted_what_no_one_owns_everyone_reads(company: Company, model: type[Record]) -> None:
    restrict(company)
    record = made(model)
    assert sees(make.user(Role.MARKETER), record)
    assert sees(make.user(Role.REP), record) is (model is not Spend)


@pytest.mark.parametrize("is_restricted", [False, True], ids=["open", "restricted"])
def test_quotas_are_ones_own_whatever_the_setting(
    company: Company, people: dict[str, User], is_restricted: bool
) -> None:
    if is_restricted:
        restrict(company)
    found = {name: sees(people["own"], owned_by(Quota, "owner", user)) for name, user in people.items()}
    assert found == {"own": True, "peer": False, "report": True, "stranger": False}


def test_a_record_reached_by_two_paths_is_seen_once(company: Company, people: dict[str, User]) -> None:
    restrict(company)
    owner = make.owner(user=people["own"])
    make.lead(owner=owner, account=make.account(owner=owner))
    assert Lead.objects.visible_to(people["own"]).count() == 1


def test_every_path_of_every_model_ends_at_an_owner() -> None:
    for model, path in PATHS:
        target: Any = model
        for part in path.split("__"):
            target = target._meta.get_field(part).related_model
        assert target is Owner
