"""Every change of address, role, password, state and rights is written by the database and mailed to the old address."""

from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.core import mail
from django.core.management import call_command
from django.db import InternalError, transaction
from django.test import Client

from team import tokens
from team.accounts import mail as account_mail
from team.accounts.history import describe_change
from team.accounts.mail import send_pending_mails
from team.models import AccountChange, ApiToken, Company, User
from tests import make

pytestmark = pytest.mark.django_db
PASSWORD, OTHER = "five quiet words walk home", "six loud words run away now"


@pytest.fixture
def person(company: Company) -> User:
    return make.user("cmo", email="old@example.com", name="Mona", password=PASSWORD)


def test_a_change_past_every_action_is_written_too(person: User) -> None:
    User.objects.filter(pk=person.pk).update(email="new@example.com", role="rep", is_staff=True)
    rows = {row.field: row for row in AccountChange.objects.all()}
    assert set(rows) == {"email", "role", "is_staff"}
    assert (rows["email"].old, rows["email"].new, rows["email"].mail_to) == (
        "old@example.com",
        "new@example.com",
        "old@example.com",
    )
    assert describe_change(rows["role"]) == "The role of Mona was changed from CMO to Sales rep, on the server."
    User.objects.filter(pk=person.pk).update(name="Mona M")
    assert AccountChange.objects.count() == 3


def test_it_is_mailed_once_to_the_old_address_and_again_after_a_failure(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise ConnectionRefusedError

    User.objects.filter(pk=person.pk).update(email="new@example.com")
    with monkeypatch.context() as broken:
        broken.setattr(account_mail, "send_text", refuse)
        assert send_pending_mails() == 0
    assert send_pending_mails() == 1
    assert send_pending_mails() == 0
    assert [one.to for one in mail.outbox] == [["old@example.com"]]
    assert "from old@example.com to new@example.com" in mail.outbox[0].body


def test_the_history_is_not_rewritten(person: User) -> None:
    User.objects.filter(pk=person.pk).update(email="new@example.com")
    for act in (lambda: AccountChange.objects.update(old="x"), lambda: AccountChange.objects.all().delete()):
        with pytest.raises(InternalError), transaction.atomic():
            act()


def test_a_new_password_ends_other_sessions_and_every_token(client: Client, person: User) -> None:
    other = Client()
    for one in (client, other):
        one.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    _, secret = tokens.create_token(owner=person, name="script")
    page = client.get("/accounts/password/change/").content.decode()
    assert "ends your other sessions and all your API tokens" in page
    form = {"oldpassword": PASSWORD, "password1": OTHER, "password2": OTHER}
    client.post("/accounts/password/change/", form)
    assert client.get("/me/").status_code == 200
    assert other.get("/me/").status_code == 302
    assert Client().get("/api/v1/accounts/", HTTP_AUTHORIZATION=f"Bearer {secret}").status_code == 401
    send_pending_mails()
    assert "password of Mona was changed" in mail.outbox[-1].body


def test_a_password_changed_by_command_ends_tokens_too(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens.create_token(owner=person, name="script")
    monkeypatch.setattr("getpass.getpass", lambda *args, **kwargs: OTHER)
    call_command("changepassword", person.email, verbosity=0)
    assert ApiToken.objects.get().revoked_at
    assert "by the command changepassword" in mail.outbox[0].body


def test_a_hash_that_is_renewed_at_sign_in_is_no_new_password(client: Client, person: User, settings: Any) -> None:
    tokens.create_token(owner=person, name="script")
    slow = "django.contrib.auth.hashers.PBKDF2PasswordHasher"
    User.objects.filter(pk=person.pk).update(password=make_password(PASSWORD, hasher="md5"))
    ApiToken.objects.update(revoked_at=None)
    before = AccountChange.objects.count()
    settings.PASSWORD_HASHERS = [slow, "django.contrib.auth.hashers.MD5PasswordHasher"]
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert User.objects.get().password.startswith("pbkdf2")
    assert AccountChange.objects.count() == before
    assert ApiToken.objects.get().revoked_at is None


def test_who_never_had_a_password_loses_none(company: Company) -> None:
    user = User.objects.create(email="nora@example.com", role="rep")
    user.set_unusable_password()
    user.save()
    user.set_unusable_password()
    user.save()
    assert not AccountChange.objects.exists()
    user.set_password(PASSWORD)
    user.save()
    assert describe_change(AccountChange.objects.get()) == "nora@example.com set a first password, on the server."


def test_a_token_is_issued_after_the_password_alone(client: Client, person: User) -> None:
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert "All your tokens end when your password changes" in client.get("/me/tokens/").content.decode()
    asked = client.post("/me/tokens/", {"name": "script", "scopes": ["read"], "days": "30"})
    assert asked.url.startswith("/accounts/reauthenticate/")
    assert not ApiToken.objects.exists()
    page = client.post(asked.url, {"password": PASSWORD}, follow=True)
    assert page.context["secret"].startswith("accord_")
    assert ApiToken.objects.get().name == "script"


def test_a_token_made_on_the_server_is_told_to_its_owner(person: User, capsys: Any) -> None:
    call_command("api_token", person.email)
    assert "An API token was issued for Mona, by the command api_token" in mail.outbox[0].body
