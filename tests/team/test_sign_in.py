"""The ordinary way in: limits, the second factor, the back office."""

from typing import Any

import pytest
from django.test import Client

from team.models import Company, User
from tests import make

pytestmark = pytest.mark.django_db
PASSWORD = "five quiet words walk home"


@pytest.fixture
def person(company: Company) -> User:
    return make.user("cmo", email="mona@example.com", password=PASSWORD)


def try_in(client: Client, password: str, **more: Any) -> Any:
    return client.post("/accounts/login/", {"login": "mona@example.com", "password": password}, **more)


def test_a_password_leads_to_ones_first_page(client: Client, person: User) -> None:
    answer = try_in(client, PASSWORD)
    assert answer.status_code == 302
    assert answer.url == "/home/"


def test_an_address_that_tries_too_often_is_refused(client: Client, person: User) -> None:
    answers = [try_in(client, f"guess {number}").status_code for number in range(31)]
    assert answers[:30] == [200] * 30
    assert answers[30] == 429


def test_after_five_failures_even_the_right_password_waits(client: Client, person: User) -> None:
    for number in range(5):
        try_in(client, "a wrong guess", REMOTE_ADDR=f"203.0.113.{number}")
    answer = try_in(client, PASSWORD, REMOTE_ADDR="203.0.113.99")
    assert answer.status_code == 200
    assert "Too many failed" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_known_and_unknown_addresses_are_answered_alike(client: Client, person: User) -> None:
    known = try_in(client, "a wrong guess").context["form"].errors
    unknown = client.post("/accounts/login/", {"login": "no@example.com", "password": "x"}).context["form"].errors
    assert known == unknown


def test_no_one_signs_up_alone(client: Client, company: Company) -> None:
    page = client.get("/accounts/signup/")
    assert "<form" not in page.content.decode().partition("<main")[2]
    form = {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/accounts/signup/", form)
    assert not User.objects.exists()


def test_a_second_factor_can_be_set_up(client: Client, person: User) -> None:
    try_in(client, PASSWORD)
    asked = client.get("/accounts/2fa/totp/activate/")
    assert asked.url.startswith("/accounts/reauthenticate/")
    page = client.post(asked.url, {"password": PASSWORD}, follow=True)
    assert page.status_code == 200
    assert page.redirect_chain[-1][0] == "/accounts/2fa/totp/activate/"
    assert "data:image/svg+xml" in page.content.decode()
    assert client.get("/accounts/2fa/").status_code == 200


def test_the_back_office_is_entered_through_the_ordinary_door(client: Client, company: Company) -> None:
    assert client.get("/admin/login/?next=/admin/").url.startswith("/accounts/login/")
    assert client.post("/admin/login/", {"username": "x", "password": "y"}).status_code == 302


@pytest.mark.parametrize("path", ["", "team/user/", "team/company/", "team/territory/", "team/apitoken/"])
def test_the_back_office_opens_for_an_owner_and_for_no_one_else(as_user: Any, ops: User, cmo: User, path: str) -> None:
    make.territory()
    assert as_user(ops).get(f"/admin/{path}").status_code == 200
    assert as_user(cmo).get(f"/admin/{path}").status_code != 200


def test_the_deactivated_do_not_get_in(client: Client, person: User) -> None:
    User.objects.update(is_active=False)
    try_in(client, PASSWORD)
    assert "_auth_user_id" not in client.session
