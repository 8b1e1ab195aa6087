"""Claiming a new deployment: once, with the printed token."""

from io import StringIO
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from team import setup, views
from team.models import Company, Role, User

pytestmark = pytest.mark.django_db
FORM = {
    "company_name": "Nordlicht AG",
    "currency": "eur",
    "time_zone": "Europe/Berlin",
    "name": "Clara Weiss",
    "email": "Clara@Nordlicht.example",
    "password": "five quiet words walk home",
    "password_again": "five quiet words walk home",
}


def printed() -> str:
    out = StringIO()
    call_command("welcome", stdout=out)
    return out.getvalue()


def printed_token() -> str:
    lines = printed().splitlines()
    return lines[next(number for number, line in enumerate(lines) if "with this token" in line) + 1].strip()


def claim(client: Client, **changes: Any) -> Any:
    return client.post("/setup/", {**FORM, **changes})


def test_the_holder_of_the_token_founds_the_company_and_is_signed_in_as_its_ceo(client: Client) -> None:
    answer = claim(client, token=printed_token())
    assert answer.status_code == 302
    assert answer.url == reverse("home")
    company, ceo = Company.get(), User.objects.get()
    assert (company.name, company.currency, company.time_zone) == ("Nordlicht AG", "EUR", "Europe/Berlin")
    assert company.claimed_at
    assert company.setup_digest == ""
    assert (ceo.email, ceo.role, ceo.is_staff, ceo.is_superuser) == ("clara@nordlicht.example", Role.CEO, True, True)
    assert ceo.check_password(FORM["password"])
    assert client.get(reverse("people")).status_code == 200


def test_it_is_done_once(client: Client) -> None:
    token = printed_token()
    claim(client, token=token)
    other = Client()
    assert other.get("/setup/").status_code == 404
    assert claim(other, token=token, email="other@nordlicht.example").status_code == 404
    assert User.objects.count() == 1
    assert "token" not in printed()


def test_two_with_the_same_token_cannot_both_have_it() -> None:
    token = setup.new_token()
    founding = setup.SetupDetails("One", "EUR", "UTC", "A", "a@example.com", "x" * 20)
    setup.claim_deployment(token=token, founding=founding)
    with pytest.raises(setup.AlreadyClaimed):
        setup.claim_deployment(token=token, founding=founding)


@pytest.mark.parametrize("token", ["", "guess", "x" * 32])
def test_a_wrong_token_founds_nothing(client: Client, token: str) -> None:
    setup.new_token()
    answer = claim(client, token=token)
    assert answer.status_code == 200
    assert not User.objects.exists()
    assert Company.get().claimed_at is None


def test_before_a_token_was_printed_none_is_right(client: Client) -> None:
    assert claim(client, token="anything").status_code == 200


def test_each_start_prints_a_new_token_and_only_the_newest_is_good(client: Client) -> None:
    first, second = printed_token(), printed_token()
    assert first != second
    assert claim(client, token=first).status_code == 200
    assert claim(client, token=second).status_code == 302


def test_the_token_is_kept_nowhere(client: Client) -> None:
    token = printed_token()
    assert token not in str(Company.objects.values().get())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"password": "short", "password_again": "short"}, "password"),
        ({"password": "password1234", "password_again": "password1234"}, "password"),
        ({"password": "clara@nordlicht.example", "password_again": "clara@nordlicht.example"}, "password"),
        ({"password_again": "five other words"}, "password_again"),
        ({"currency": "euro"}, "currency"),
        ({"time_zone": "Europe/Atlantis"}, "time_zone"),
        ({"email": "clara"}, "email"),
        ({"name": "Clara\0"}, "name"),
    ],
)
def test_what_is_written_wrongly_is_said_and_founds_nothing(client: Client, changes: Any, field: str) -> None:
    answer = claim(client, token=printed_token(), **changes)
    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    assert not User.objects.exists()
    assert FORM["password"] not in answer.content.decode()


def test_tries_are_limited(client: Client) -> None:
    for _ in range(views.TRIES_PER_HOUR):
        assert claim(client, token="guess").status_code == 200
    assert claim(client, token=printed_token()).status_code == 429
    cache.clear()
    assert claim(client, token=printed_token()).status_code == 302


def test_the_demo_company_cannot_be_claimed(client: Client) -> None:
    token = setup.new_token()
    Company.objects.update(is_demo=True)
    assert client.get("/setup/").status_code == 404
    assert claim(client, token=token).status_code == 404
    assert "token" not in printed()
