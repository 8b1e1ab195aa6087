"""Who is here: the list, inviting, changing, deactivating; and who may not."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from team import actions, tokens
from team.accounts import invitations
from team.models import Company, Role, User
from tests import make

pytestmark = pytest.mark.django_db
PASSWORD = "five quiet words walk home"
MANAGED = ["people", "add_person", "company", "territories", "add_territory"]
NEW = {"name": "Nora New", "email": "Nora@Example.com", "role": "rep", "territory": "", "manager": "", "time_zone": ""}


def form_of(person: User, **changes: Any) -> dict[str, Any]:
    kept = {
        "name": person.name,
        "email": person.email,
        "role": person.role,
        "territory": person.territory_id or "",
        "manager": person.manager_id or "",
        "time_zone": person.time_zone,
        "is_active": "on",
    }
    return {name: value for name, value in {**kept, **changes}.items() if value is not None}


@pytest.mark.parametrize("page", MANAGED)
@pytest.mark.parametrize("role", Role.values)
def test_only_ops_opens_the_pages_of_people_and_company(company: Company, as_user: Any, role: str, page: str) -> None:
    answer = as_user(make.user(role)).get(reverse(page))
    assert answer.status_code == (200 if role == Role.OPS else 403)


@pytest.mark.parametrize("role", [role for role in Role.values if role != Role.OPS])
def test_no_one_else_can_change_anything_either(company: Company, as_user: Any, role: str) -> None:
    user, person, territory = make.user(role), make.user(Role.REP), make.territory()
    client = as_user(user)
    assert client.post(reverse("add_person"), NEW).status_code == 403
    assert client.post(reverse("person", args=[person.pk]), form_of(person, role="ops")).status_code == 403
    assert client.post(reverse("invite", args=[person.pk])).status_code == 403
    assert client.post(reverse("remove_territory", args=[territory.pk])).status_code == 403
    for act in [
        lambda: actions.add_person(by=user, name="x", email="x@example.com"),
        lambda: actions.change_person(by=user, person=person, role="ops"),
        lambda: actions.change_company(by=user, visibility="restricted"),
        lambda: actions.save_territory(by=user, territory=territory),
        lambda: actions.remove_territory(by=user, territory=territory),
        lambda: invitations.send_invitation(by=user, person=person),
    ]:
        with pytest.raises(PermissionDenied):
            act()


@pytest.mark.parametrize("page", [*MANAGED, "me", "my_tokens"])
def test_strangers_are_asked_to_sign_in(client: Client, page: str) -> None:
    assert client.get(reverse(page)).url.startswith(reverse("account_login"))


def test_the_list_is_searched_by_name_mail_and_role(as_user: Any, ops: User, cmo: User, rep: User) -> None:
    def shown(**query: str) -> list[User]:
        return list(as_user(ops).get(reverse("people"), query).context["page"])

    assert set(shown()) == set(User.objects.all())
    assert shown(q="mona") == [cmo]
    assert shown(q="REP@example") == [rep]
    assert shown(role="cmo") == [cmo]
    assert shown(q="mona", role="rep") == []
    assert as_user(ops).get(reverse("people") + "?role=king&page=99").status_code == 200


def test_the_list_is_paged_and_asks_the_same_number_of_queries_however_long(as_user: Any, ops: User) -> None:
    client = as_user(ops)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("people"))
        return len(asked)

    def more(number: int) -> None:
        for _ in range(number):
            make.user(manager=ops, territory=make.territory())

    more(10)
    ten = queries()
    more(60)
    assert queries() == ten
    assert len(client.get(reverse("people")).context["page"]) == 50
    assert len(client.get(reverse("people"), {"page": 2}).context["page"]) == 21


def test_an_invited_person_chooses_a_password_and_signs_in(as_user: Any, ops: User) -> None:
    page = as_user(ops).post(reverse("add_person"), NEW)
    nora = User.objects.get(email="nora@example.com")
    link = page.context["link"]
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    assert not nora.has_usable_password()
    assert link in mail.outbox[0].body
    assert mail.outbox[0].to == ["nora@example.com"]

    visitor = Client()
    form = visitor.get("/" + link.split("/", 3)[3], follow=True)
    chosen = visitor.post(form.redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD})
    assert chosen.status_code == 302
    assert visitor.post("/accounts/login/", {"login": nora.email, "password": PASSWORD}).url == "/home/"
    again = Client().get("/" + link.split("/", 3)[3], follow=True)
    assert again.context.get("token_fail")


def test_an_account_in_use_is_not_invited_again(ops: User) -> None:
    used = make.user(Role.REP, password=PASSWORD)
    with pytest.raises(ValidationError, match="already has a password"):
        invitations.send_invitation(by=ops, person=used)
    assert not mail.outbox


def test_a_dead_mail_server_does_not_lose_the_invitation(
    as_user: Any, ops: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(invitations, "send_text", refuse)
    page = as_user(ops).post(reverse("add_person"), NEW)
    assert page.status_code == 200
    assert page.context["sent"] is False
    assert page.context["link"] in page.content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "ops@example.com"}, "email"),
        ({"email": "OPS@Example.com"}, "email"),
        ({"email": "nora"}, "email"),
        ({"name": ""}, "name"),
        ({"role": "king"}, "role"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"manager": "999999"}, "manager"),
    ],
)
def test_what_is_written_wrongly_is_said(as_user: Any, ops: User, changes: dict[str, str], field: str) -> None:
    answer = as_user(ops).post(reverse("add_person"), {**NEW, **changes})
    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    assert User.objects.count() == 1


def test_someone_is_changed(as_user: Any, ops: User, cro: User, rep: User) -> None:
    north = make.territory(name="North")
    changes = {"name": "Rita Roe", "territory": north.pk, "role": "marketer", "time_zone": "America/New_York"}
    answer = as_user(ops).post(reverse("person", args=[rep.pk]), form_of(rep, **changes))
    assert answer.status_code == 302
    rep.refresh_from_db()
    assert (rep.name, rep.territory, rep.role, rep.time_zone) == ("Rita Roe", north, "marketer", "America/New_York")
    assert rep.manager == cro


def test_managers_go_in_no_circle(as_user: Any, ops: User, cro: User, rep: User) -> None:
    below = make.user(Role.REP, manager=rep)
    for boss in [below, rep]:
        answer = as_user(ops).post(reverse("person", args=[cro.pk]), form_of(cro, manager=boss.pk))
        assert answer.status_code == 200
        assert "reports to" in str(answer.context["form"].errors["manager"])
    with pytest.raises(ValidationError):
        actions.change_person(by=ops, person=rep, manager=rep)
    assert User.objects.get(pk=cro.pk).manager is None


def test_a_deactivated_person_is_out_at_once(as_user: Any, ops: User) -> None:
    person = make.user(Role.REP, password=PASSWORD)
    theirs = Client()
    theirs.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    _, secret = tokens.create_token(owner=person, name="script")
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    assert theirs.get(reverse("me")).status_code == 200
    assert Client().get("/api/v1/accounts/", **bearer).status_code == 200

    as_user(ops).post(reverse("person", args=[person.pk]), form_of(person, is_active=None))
    assert theirs.get(reverse("me")).status_code == 302
    assert Client().get("/api/v1/accounts/", **bearer).status_code == 401

    as_user(ops).post(reverse("person", args=[person.pk]), form_of(person))
    assert theirs.get(reverse("me")).status_code == 302
    assert Client().get("/api/v1/accounts/", **bearer).status_code == 401
    assert as_user(ops).get(reverse("me")).status_code == 200


def test_an_old_address_opens_nothing_once_it_was_changed(as_user: Any, ops: User) -> None:
    person = make.user(Role.REP, email="old@example.com", password=PASSWORD)
    EmailAddress.objects.create(user=person, email="old@example.com", verified=True, primary=True)
    as_user(ops).post(reverse("person", args=[person.pk]), form_of(person, email="New@Example.com"))
    assert not EmailAddress.objects.filter(email="old@example.com").exists()
    old, new = Client(), Client()
    old.post("/accounts/login/", {"login": "old@example.com", "password": PASSWORD})
    new.post("/accounts/login/", {"login": "new@example.com", "password": PASSWORD})
    assert "_auth_user_id" not in old.session
    assert "_auth_user_id" in new.session


def test_the_last_who_manages_people_stays(company: Company) -> None:
    ops = make.user(Role.OPS)
    for changes in [{"role": Role.REP}, {"is_active": False}]:
        with pytest.raises(ValidationError, match="the last person who can manage people"):
            actions.change_person(by=ops, person=User.objects.get(pk=ops.pk), **changes)
    second = make.user(Role.OPS)
    actions.change_person(by=ops, person=second, role=Role.REP)
    assert User.objects.get(pk=second.pk).role == Role.REP


def test_only_an_owner_changes_an_owner(company: Company) -> None:
    owner, admin = make.user(Role.CEO, is_superuser=True), make.user(Role.OPS)
    with pytest.raises(PermissionDenied):
        actions.change_person(by=admin, person=owner, email="mine@example.com")
    actions.change_person(by=owner, person=owner, name="Still here")
    assert User.objects.get(pk=owner.pk).email == owner.email


def test_no_right_is_smuggled_in(as_user: Any, ops: User, rep: User) -> None:
    as_user(ops).post(reverse("person", args=[rep.pk]), form_of(rep, is_superuser="on", is_staff="on"))
    rep.refresh_from_db()
    assert not rep.is_superuser
    assert not rep.is_staff
    with pytest.raises(TypeError, match="is_superuser"):
        actions.change_person(by=ops, person=rep, is_superuser=True)


def test_the_back_office_ends_access_too(as_user: Any, ops: User) -> None:
    person = make.user(Role.REP)
    token, _ = tokens.create_token(owner=person, name="script")
    joined = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    answer = as_user(ops).post(f"/admin/team/user/{person.pk}/change/", {**form_of(person, is_active=None), **joined})
    assert answer.status_code == 302
    token.refresh_from_db()
    assert token.revoked_at


def test_without_mail_the_invitation_shows_the_link_and_promises_no_mail(
    as_user: Any, ops: User, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    page = as_user(ops).post(reverse("add_person"), NEW)
    text = page.content.decode()
    assert "on its way" not in text
    assert "EMAIL_URL is not set" in text
    assert page.context["link"] in text


def test_without_mail_the_password_reset_says_whom_to_ask(client: Client, company: Any, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    for name in ("account_reset_password", "account_reset_password_done"):
        text = client.get(reverse(name)).content.decode()
        assert "on its way" not in text
        assert "EMAIL_URL is not set" in text
        assert "Ask your ops admin for a link" in text
        assert "log" not in text.split("EMAIL_URL", 1)[1].split("</p>", 1)[0]


def test_without_mail_no_link_stands_in_the_log(
    client: Client, rep: User, settings: Any, caplog: Any, capsys: Any
) -> None:
    settings.EMAIL_BACKEND = "core.mail.UnconfiguredBackend"
    rep.set_password("a long enough passphrase")
    rep.save()
    with caplog.at_level("DEBUG"):
        client.post(reverse("account_reset_password"), {"email": rep.email})
    output = "".join(capsys.readouterr())
    assert "Not mailed, because EMAIL_URL is not set" in caplog.text
    assert "/password/reset/key/" not in caplog.text + output
    assert rep.email not in caplog.text + output


def test_the_server_shows_a_link_that_sets_a_password_once(client: Client, rep: User, capsys: Any) -> None:
    call_command("password_link", rep.email.upper())
    link = capsys.readouterr().out.strip()
    page = client.get(link, follow=True)
    new = "another long enough passphrase"
    answer = client.post(page.redirect_chain[-1][0], {"password1": new, "password2": new})
    assert answer.status_code == 302
    rep.refresh_from_db()
    assert rep.check_password(new)
    assert "token_fail" in Client().get(link).context
    actions.change_on_server(person=rep, via="change_account", is_active=False)
    with pytest.raises(CommandError, match="is not active"):
        call_command("password_link", rep.email)
