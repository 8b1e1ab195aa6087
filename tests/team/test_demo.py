"""One click into the demo company, and only there."""

from typing import Any

import pytest
from django.test import Client

from team.models import Company, Role, User
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(company: Company, settings: Any) -> Company:
    settings.DEMO = True
    company.is_demo = True
    company.save()
    return company


def sign_in(client: Client, email: str, **more: str) -> Any:
    return client.post("/demo/sign-in/", {"email": email, **more})


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("role", Role.values)
def test_each_role_signs_in_with_one_click(demo: Company, client: Client, role: str) -> None:
    user = make.user(role)
    answer = sign_in(client, user.email)
    assert answer.status_code == 302
    assert answer.url == "/home/"
    assert client.session["_auth_user_id"] == str(user.pk)


def test_there_is_no_such_door_when_demo_is_off(demo: Company, client: Client, cmo: User, settings: Any) -> None:
    settings.DEMO = False
    assert sign_in(client, cmo.email).status_code == 404
    assert not is_signed_in(client)


def test_there_is_no_such_door_to_a_real_company(demo: Company, client: Client, cmo: User) -> None:
    Company.objects.update(is_demo=False)
    assert sign_in(client, cmo.email).status_code == 404
    assert not is_signed_in(client)


@pytest.mark.parametrize("email", ["", "nobody@example.com", "no address", "a\0@example.com"])
def test_strangers_stay_out(demo: Company, client: Client, email: str) -> None:
    assert sign_in(client, email).status_code == 404
    assert not is_signed_in(client)


def test_the_deactivated_stay_out(demo: Company, client: Client) -> None:
    gone = make.user(Role.REP, is_active=False)
    assert sign_in(client, gone.email).status_code == 404


def test_it_is_a_post_with_a_token(demo: Company, cmo: User) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.get("/demo/sign-in/").status_code == 405
    assert sign_in(client, cmo.email).status_code == 403


def test_it_leads_to_where_one_wanted_to_go_but_never_to_another_host(demo: Company, client: Client, cmo: User) -> None:
    assert sign_in(client, cmo.email, next="/me/").url == "/me/"
    assert sign_in(client, cmo.email, next="https://evil.example/").url == "/home/"
    assert sign_in(client, cmo.email, next="//evil.example/").url == "/home/"


def test_the_sign_in_page_offers_one_person_per_role_in_order(demo: Company, client: Client) -> None:
    for role in reversed(Role.values):
        make.user(role)
        make.user(role)
    make.user(Role.CEO, is_active=False)
    offered = client.get("/accounts/login/").context["demo_users"]
    assert [user.role for user in offered] == Role.values
    first = [User.objects.filter(role=role, is_active=True).order_by("pk")[0] for role in Role.values]
    assert offered == first


def test_no_one_is_offered_elsewhere_or_without_the_demo(
    demo: Company, client: Client, cmo: User, settings: Any
) -> None:
    assert "demo_users" not in client.get("/").context
    settings.DEMO = False
    assert "demo_users" not in client.get("/accounts/login/").context
