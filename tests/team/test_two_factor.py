"""Two-factor sign-in from set-up to deactivation, and what the database holds of it."""

import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from core.encryption import Sealed
from team.accounts import two_factor
from team.models import Company, User
from tests import make

pytestmark = pytest.mark.django_db
PASSWORD = "five quiet words walk home"


@pytest.fixture
def person(company: Company) -> User:
    return make.user("cmo", email="mona@example.com", password=PASSWORD)


def code_of(secret: str, half_minutes_ago: int = 0) -> str:
    cache.clear()  # allauth refuses a code that was used in the same half minute
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 - half_minutes_ago)))


def sign_in(client: Client) -> Any:
    return client.post("/accounts/login/", {"login": "mona@example.com", "password": PASSWORD}, follow=True)


def set_up(client: Client) -> str:
    """Set the authenticator app up as a person does, and return its secret."""
    asked = client.get(reverse("mfa_activate_totp"))
    page = client.post(asked.url, {"password": PASSWORD}, follow=True)
    secret = page.context["form"].secret
    done = client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)}, follow=True)
    assert done.redirect_chain[-1][0] == reverse("mfa_view_recovery_codes")
    return str(secret)


def test_the_whole_journey_works_with_the_settings_as_shipped(client: Client, person: User) -> None:
    sign_in(client)
    assert reverse("mfa_index") in client.get("/me/").content.decode()
    secret = set_up(client)
    recovery = re.findall(r"^(\d{8})$|>(\d{8})$", client.get(reverse("mfa_view_recovery_codes")).content.decode(), re.M)
    assert len(recovery) == 10

    client.post("/accounts/logout/")
    halfway = sign_in(client)
    assert halfway.redirect_chain[-1][0].startswith(reverse("mfa_authenticate"))
    assert "_auth_user_id" not in client.session
    refused = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert "Incorrect code" in refused.content.decode()
    assert client.post(reverse("mfa_authenticate"), {"code": code_of(secret)}).url == "/home/"
    assert "_auth_user_id" in client.session

    by_recovery = Client()
    sign_in(by_recovery)
    first = "".join(recovery[0])
    assert by_recovery.post(reverse("mfa_authenticate"), {"code": first}).url == "/home/"
    again = Client()
    sign_in(again)
    assert "Incorrect code" in again.post(reverse("mfa_authenticate"), {"code": first}).content.decode()

    asked = client.get(reverse("mfa_deactivate_totp"))
    assert "reauthenticate" in asked.url
    client.post(asked.url, {"password": PASSWORD})
    client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.exists()
    client.post("/accounts/logout/")
    assert sign_in(client).redirect_chain[-1][0] != reverse("mfa_authenticate")
    assert "_auth_user_id" in client.session


def test_a_code_that_has_just_changed_is_accepted_and_an_older_one_is_not(client: Client, person: User) -> None:
    with time_machine.travel(datetime(2026, 3, 2, 9, 0, 14, tzinfo=UTC), tick=False):
        sign_in(client)
        secret = set_up(client)
        for half_minutes, is_accepted in ((1, True), (2, False)):
            other = Client()
            sign_in(other)
            answer = other.post(reverse("mfa_authenticate"), {"code": code_of(secret, half_minutes)})
            assert (answer.status_code == 302) is is_accepted


def test_an_address_that_was_never_verified_does_not_stand_in_the_way(client: Client, person: User) -> None:
    person.emailaddress_set.create(email=person.email, verified=False, primary=True)  # type: ignore[attr-defined]
    sign_in(client)
    set_up(client)


def test_the_page_may_show_the_code_under_the_policy(client: Client, person: User) -> None:
    sign_in(client)
    page = client.post(client.get(reverse("mfa_activate_totp")).url, {"password": PASSWORD}, follow=True)
    main = page.content.decode().partition("<main")[2]
    assert 'src="data:image/svg+xml;base64,' in main
    assert "data:" in page.headers["Content-Security-Policy"].partition("img-src")[2].partition(";")[0]
    assert "<script" not in main
    assert "style=" not in main


def test_secrets_and_seeds_are_encrypted_in_the_database(client: Client, person: User, settings: Any) -> None:
    sign_in(client)
    secret = set_up(client)
    rows = {row.type: row.data for row in Authenticator.objects.all()}
    assert secret not in str(rows)
    assert Sealed(rows["totp"]["secret"]).open() == secret
    assert len(Sealed(rows["recovery_codes"]["seed"]).open()) == 80


def test_secrets_of_an_earlier_release_are_encrypted_once(person: User) -> None:
    Authenticator.objects.create(user=person, type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
    two_factor.encrypt_plain(Authenticator.objects)
    sealed = Authenticator.objects.get().data["secret"]
    assert Sealed(sealed).open() == "JBSWY3DPEHPK3PXP"
    two_factor.encrypt_plain(Authenticator.objects)
    assert Authenticator.objects.get().data["secret"] == sealed
    assert Authenticator.objects.get().wrap().validate_code(code_of("JBSWY3DPEHPK3PXP"))


def test_the_keys_can_be_changed(person: User, settings: Any) -> None:
    old, new = "an old key of more than 32 characters", "a new key of more than 32 characters!"
    settings.ENCRYPTION_KEYS = [old]
    Authenticator.objects.create(user=person, type="totp", data={"secret": two_factor.MfaAdapter().encrypt("ABCDEFGH")})
    settings.ENCRYPTION_KEYS = [new, old]
    call_command("rotate_keys", verbosity=0)
    settings.ENCRYPTION_KEYS = [new]
    assert two_factor.MfaAdapter().decrypt(Authenticator.objects.get().data["secret"]) == "ABCDEFGH"


def test_a_secret_that_no_key_opens_lets_no_one_in(person: User, settings: Any) -> None:
    settings.ENCRYPTION_KEYS = ["an old key of more than 32 characters"]
    data = {"secret": two_factor.MfaAdapter().encrypt("ABCDEFGH")}
    row = Authenticator.objects.create(user=person, type="totp", data=data)
    settings.ENCRYPTION_KEYS = ["a new key of more than 32 characters!"]
    assert not row.wrap().validate_code(code_of("ABCDEFGH"))
    assert not row.wrap().validate_code(code_of(""))


@pytest.mark.django_db(transaction=True)
def test_the_recovery_codes_are_shown_at_once_to_who_had_no_password(
    client: Client, company: Company, settings: Any
) -> None:
    settings.DEMO = settings.DEMO_OPEN = True
    Company.objects.update(is_demo=True)
    client.post(reverse("demo_sign_in"), {"email": make.user("cmo").email})
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    with_codes = client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)}, follow=True)
    assert with_codes.redirect_chain[-1][0] == reverse("mfa_view_recovery_codes")
    assert len(with_codes.context["unused_codes"]) == 10


def test_one_click_in_the_demo_asks_for_the_second_factor_too(client: Client, company: Company, settings: Any) -> None:
    settings.DEMO = settings.DEMO_OPEN = True
    Company.objects.update(is_demo=True)
    person = make.user("cmo")
    secret = "JBSWY3DPEHPK3PXP"
    data = {"secret": two_factor.MfaAdapter().encrypt(secret)}
    Authenticator.objects.create(user=person, type="totp", data=data)
    answer = client.post(reverse("demo_sign_in"), {"email": person.email, "next": "/me/"})
    assert answer.url.startswith(reverse("mfa_authenticate"))
    assert "_auth_user_id" not in client.session
    assert client.post(reverse("mfa_authenticate"), {"code": code_of(secret)}).url == "/me/"
