"""One's own address changes after the password and a link to the new one, and no one learns whose an address is."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from team.models import AccountChange, Company, User
from tests import make

pytestmark = pytest.mark.django_db
PASSWORD = "five quiet words walk home"


@pytest.fixture
def person(company: Company, client: Client) -> User:
    user = make.user("rep", email="old@example.com", password=PASSWORD)
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return user


def ask(client: Client, email: str) -> Any:
    answer = client.post(reverse("my_email"), {"email": email})
    if answer.status_code == 302 and "reauthenticate" in answer.url:
        return client.post(answer.url, {"password": PASSWORD}, follow=True)
    return answer


def link() -> str:
    url = next(word for word in mail.outbox[-1].body.split() if "/me/email/confirm/" in word)
    return "/" + url.split("/", 3)[3]


def test_the_address_changes_after_the_password_and_the_link(client: Client, person: User) -> None:
    asked = client.post(reverse("my_email"), {"email": "New@Example.com"})
    assert asked.url.startswith(reverse("account_reauthenticate"))
    assert not mail.outbox
    client.post(asked.url, {"password": PASSWORD}, follow=True)
    assert mail.outbox[0].to == ["new@example.com"]
    assert User.objects.get().email == "old@example.com"
    assert "new@example.com" in client.get(link()).content.decode()
    assert User.objects.get().email == "old@example.com"
    client.post(link())
    assert User.objects.get().email == "new@example.com"
    assert AccountChange.objects.get(field="email").mail_to == "old@example.com"
    assert EmailAddress.objects.get(user=person).verified
    assert client.post(link(), follow=True).redirect_chain[-1][0] == reverse("my_email")
    assert Client().post("/accounts/login/", {"login": "new@example.com", "password": PASSWORD}).url == "/home/"


@pytest.mark.parametrize("written", ["mona@example.com", "MONA@Example.com"])
def test_the_address_of_another_person_is_refused_without_telling_whose(
    client: Client, person: User, written: str
) -> None:
    make.user("cmo", email="mona@example.com", name="Mona CMO")
    answer = ask(client, written)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "This address cannot be used" in page
    assert "Mona" not in page
    assert not mail.outbox


def test_an_address_taken_after_the_link_was_sent_is_refused(client: Client, person: User) -> None:
    ask(client, "new@example.com")
    make.user("cmo", email="new@example.com")
    answer = client.post(link(), follow=True)
    assert answer.status_code == 200
    assert "This address cannot be used" in answer.content.decode()
    person.refresh_from_db()
    assert person.email == "old@example.com"


def test_the_link_is_of_no_use_to_anybody_else(client: Client, person: User, as_user: Any) -> None:
    ask(client, "new@example.com")
    other = make.user("ops")
    assert as_user(other).post(link()).url == reverse("my_email")
    assert not User.objects.filter(email="new@example.com").exists()
    assert client.get(reverse("confirm_my_email", args=["forged:key:here"])).status_code == 302


def test_where_no_mail_is_sent_the_page_says_how_it_is_changed(client: Client, person: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    page = client.get(reverse("my_email")).content.decode()
    assert "sends no mail" in page
    assert "ops admin" in page
    assert "<form" not in page.partition("<main")[2]


def test_the_page_of_addresses_of_the_library_is_not_there(client: Client, person: User) -> None:
    make.user("cmo", email="mona@example.com")
    for form in ({"action_add": "", "email": "mona@example.com"}, {"action_primary": "", "email": "old@example.com"}):
        assert client.post("/accounts/email/", form).url == reverse("my_email")
    assert not EmailAddress.objects.filter(email="mona@example.com").exists()


def test_one_does_not_change_ones_own_address_under_people(as_user: Any, company: Company) -> None:
    ops = make.user("ops", is_superuser=True, is_staff=True)
    from tests.team.test_people import form_of

    page = as_user(ops).post(reverse("person", args=[ops.pk]), form_of(ops, email="new@example.com"))
    assert "Change your own address on your account page" in page.content.decode()
    joined = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    staff = {"is_superuser": "on", "is_staff": "on"}
    changed = form_of(ops, email="new@example.com", **staff)
    assert as_user(ops).post(f"/admin/team/user/{ops.pk}/change/", {**changed, **joined}).status_code == 302
    assert User.objects.get(pk=ops.pk).email != "new@example.com"
