"""Accounts of signatories are protected: what needs a consent, whose, and what happens until it is given."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.db import InternalError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agreements.account_closures import notify_of_requests
from agreements.models import Seat, Signatory
from agreements.seat_actions import name_signatory
from agreements.signing import seat_holder
from notify.models import Notice
from team import actions
from team.accounts import consents, invitations
from team.accounts.mail import send_pending_mails
from team.models import AccountChange, Company, ConsentRequest, Role, User
from team.tasks import process_account_changes
from tests import make
from tests.team.test_people import NEW, form_of

pytestmark = pytest.mark.django_db
PASSWORD = "five quiet words walk home"


@pytest.fixture
def people(company: Company) -> dict[str, User]:
    """Give the cast as it is in use: everyone has a password, and the ops admin owns nothing."""
    return {
        role: make.user(role, email=f"{role}@example.com", name=role.upper(), password=PASSWORD)
        for role in ("ceo", "cmo", "cro", "cfo", "ops", "rep")
    }


def only() -> ConsentRequest:
    return ConsentRequest.objects.get()


TAKEOVERS: list[dict[str, Any]] = [
    {"email": "mine@example.com"},
    {"role": "rep"},
    {"is_active": None},
]


@pytest.mark.parametrize("changes", TAKEOVERS)
@pytest.mark.parametrize("role", ["cmo", "cro", "cfo", "ceo"])
def test_ops_alone_changes_neither_address_nor_role_nor_state(
    as_user: Any, people: dict[str, User], role: str, changes: dict[str, Any]
) -> None:
    person = people[role]
    as_user(people["ops"]).post(reverse("person", args=[person.pk]), form_of(person, name="New Name", **changes))
    after = User.objects.get(pk=person.pk)
    assert (after.email, after.role, after.is_active) == (person.email, person.role, True)
    assert after.name == "New Name"
    assert only().person == person
    assert not AccountChange.objects.exists()


def test_the_person_consents_after_entering_the_password(client: Client, people: dict[str, User]) -> None:
    cmo = people["cmo"]
    actions.change_person(by=people["ops"], person=User.objects.get(pk=cmo.pk), email="new@example.com")
    client.post("/accounts/login/", {"login": cmo.email, "password": PASSWORD})
    page = client.get(reverse("account_requests")).content.decode()
    assert "cmo@example.com → new@example.com" in page
    url = reverse("answer_account_request", args=[only().pk, "consent"])
    asked = client.post(url)
    assert asked.url.startswith(reverse("account_reauthenticate"))
    assert User.objects.get(pk=cmo.pk).email == "cmo@example.com"
    client.post(asked.url, {"password": "a wrong guess"})
    assert User.objects.get(pk=cmo.pk).email == "cmo@example.com"
    client.post(asked.url, {"password": PASSWORD})
    assert User.objects.get(pk=cmo.pk).email == "new@example.com"
    assert (only().decision, only().decided_by) == ("granted", cmo)


def test_who_may_consent(people: dict[str, User]) -> None:
    for role, able in {
        "cmo": {"cmo", "cfo"},
        "cro": {"cro", "cfo"},
        "cfo": {"cfo", "ceo"},
        "ceo": {"ceo", "cfo"},
    }.items():
        person = User.objects.get(pk=people[role].pk)
        request = actions.change_person(by=people["ops"], person=person, email=f"x{role}@example.com")
        assert request
        assert {user.role for user in consents.possible_consenters(request)} == able
        for other in people.values():
            if other.role not in able:
                with pytest.raises(PermissionDenied):
                    consents.grant_request(by=other, request=request)
    assert set(User.objects.values_list("email", flat=True)) == {person.email for person in people.values()}


def test_where_there_is_no_arbiter_the_ceo_consents_and_without_one_it_waits_for_its_day(
    people: dict[str, User],
) -> None:
    User.objects.filter(role__in=["cfo", "cmo"]).update(is_active=False)
    back = User.objects.get(pk=people["cmo"].pk)
    request = actions.change_person(by=people["ops"], person=back, is_active=True)
    assert request
    assert consents.possible_consenters(request) == [people["ceo"]]
    consents.refuse_request(by=people["ceo"], request=request)

    User.objects.filter(role="ceo").update(is_active=False)
    again = actions.change_person(by=people["ops"], person=User.objects.get(pk=back.pk), is_active=True)
    assert again
    assert again.takes_effect_at
    assert consents.possible_consenters(again) == []
    send_pending_mails()
    assert ["cro@example.com"] in [one.to for one in mail.outbox]
    process_account_changes()
    assert not User.objects.get(pk=back.pk).is_active
    _make_due(again)
    process_account_changes()
    assert User.objects.get(pk=back.pk).is_active
    assert "after the waiting period" in _sentences(back)


def _make_due(request: ConsentRequest) -> None:
    """Let the day of a request come: its times cannot be rewritten, so the clock of the database's guard is put aside."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        ConsentRequest.objects.filter(pk=request.pk).update(takes_effect_at=timezone.now() - timedelta(minutes=1))
        cursor.execute("SET LOCAL session_replication_role = origin")


def _sentences(person: User) -> str:
    from team.accounts.history import describe_change

    return " ".join(describe_change(change) for change in AccountChange.objects.filter(person=person))


def test_anyone_who_signs_may_refuse_what_waits_for_its_day(people: dict[str, User]) -> None:
    User.objects.filter(role__in=["cfo", "ceo", "cmo"]).update(is_active=False)
    back = User.objects.get(pk=people["cmo"].pk)
    request = actions.change_person(by=people["ops"], person=back, is_active=True)
    assert request
    with pytest.raises(PermissionDenied):
        consents.refuse_request(by=people["rep"], request=request)
    consents.refuse_request(by=people["cro"], request=request)
    _make_due(request)
    process_account_changes()
    assert not User.objects.get(pk=back.pk).is_active


def test_a_request_expires_and_is_withdrawn(people: dict[str, User], monkeypatch: pytest.MonkeyPatch) -> None:
    cmo, ops = people["cmo"], people["ops"]
    first = actions.change_person(by=ops, person=User.objects.get(pk=cmo.pk), email="a@example.com")
    assert first
    with pytest.raises(ValidationError, match="already waiting for a consent"):
        actions.change_person(by=ops, person=User.objects.get(pk=cmo.pk), email="b@example.com")
    with pytest.raises(PermissionDenied):
        consents.withdraw_request(by=cmo, request=first)
    consents.withdraw_request(by=ops, request=first)
    with pytest.raises(ValidationError, match="decided or expired"):
        consents.grant_request(by=cmo, request=first)

    second = actions.change_person(by=ops, person=User.objects.get(pk=cmo.pk), email="b@example.com")
    assert second
    later = timezone.now() + timedelta(days=consents.DAYS_TO_CONSENT, minutes=1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    with pytest.raises(ValidationError, match="decided or expired"):
        consents.grant_request(by=cmo, request=second)
    consents.apply_due_requests()
    second.refresh_from_db()
    assert second.decision == "expired"
    assert User.objects.get(pk=cmo.pk).email == "cmo@example.com"


def test_a_second_signatory_beside_the_first_takes_no_seat(as_user: Any, people: dict[str, User]) -> None:
    as_user(people["ops"]).post(reverse("add_person"), {**NEW, "role": "cmo"})
    assert seat_holder(Seat.MARKETING) == people["cmo"]
    assert Signatory.objects.get().holder == people["cmo"]
    first = User.objects.get(pk=people["cmo"].pk)
    assert actions.change_person(by=people["ops"], person=first, email="mine@example.com") == only()


def test_deactivating_and_creating_again_needs_the_arbiter(as_user: Any, people: dict[str, User]) -> None:
    ops, client = people["ops"], as_user(people["ops"])
    gone = actions.change_person(by=ops, person=User.objects.get(pk=people["cmo"].pk), is_active=False)
    assert gone
    consents.grant_request(by=people["cfo"], request=gone)
    page = client.post(reverse("add_person"), {**NEW, "role": "cmo"}, follow=True)
    nora = User.objects.get(email="nora@example.com")
    assert not nora.is_active
    assert seat_holder(Seat.MARKETING) is None
    assert "consent of CFO" in page.content.decode()
    assert "link" not in page.context or not page.context.get("link")
    with pytest.raises(ValidationError):
        invitations.send_invitation(by=ops, person=nora)
    request = nora.consent_requests.get()
    assert "Signs for Marketing" in str(request.seats)
    consents.grant_request(by=people["cfo"], request=request)
    assert seat_holder(Seat.MARKETING) == nora
    assert "with the consent of CFO" in _sentences(nora)


def test_a_role_that_brings_a_seat_needs_the_arbiter_and_not_the_person(people: dict[str, User]) -> None:
    User.objects.filter(role="cmo").update(is_active=False)
    rep = User.objects.get(pk=people["rep"].pk)
    request = actions.change_person(by=people["ops"], person=rep, role="cmo")
    assert request
    assert consents.possible_consenters(request) == [people["cfo"]]
    with pytest.raises(PermissionDenied):
        consents.grant_request(by=people["rep"], request=request)


def test_a_seat_changes_with_the_consent_of_its_holder_or_the_arbiter(as_user: Any, people: dict[str, User]) -> None:
    page = as_user(people["ops"]).post(
        reverse("signatories"), {"seat": "marketing", "person": people["rep"].pk}, follow=True
    )
    assert "needs the consent of CMO or CFO" in page.content.decode()
    assert seat_holder(Seat.MARKETING) == people["cmo"]
    with pytest.raises(PermissionDenied):
        consents.grant_request(by=people["rep"], request=only())
    consents.grant_request(by=people["cmo"], request=only())
    assert seat_holder(Seat.MARKETING) == people["rep"]
    assert "The seat “Signs for Marketing” was given to REP" in _sentences(people["rep"])
    assert "The seat “Signs for Marketing” was taken from CMO" in _sentences(people["cmo"])


def test_a_person_with_a_named_seat_is_protected_whatever_their_role(people: dict[str, User]) -> None:
    request = name_signatory(by=people["ops"], seat=Seat.SUPPORT, person=people["rep"])
    assert request
    consents.grant_request(by=people["cfo"], request=request)
    rep = User.objects.get(pk=people["rep"].pk)
    assert actions.change_person(by=people["ops"], person=rep, email="mine@example.com")


def test_the_ceo_appoints_to_a_vacant_seat_but_takes_none_that_is_held(people: dict[str, User]) -> None:
    User.objects.filter(role="ceo").update(is_superuser=True)
    User.objects.filter(role__in=["cfo", "cro"]).update(is_active=False)
    ceo = User.objects.get(role="ceo")
    assert actions.add_person(by=ceo, name="Nils", email="nils@example.com", role="cro").is_active
    cmo = User.objects.get(pk=people["cmo"].pk)
    request = actions.change_person(by=ceo, person=cmo, email="mine@example.com")
    assert request
    assert consents.possible_consenters(request) == [people["cmo"]]


def test_the_first_people_of_a_company_need_no_ones_consent(company: Company) -> None:
    founder = make.user("ceo", password=PASSWORD, is_superuser=True)
    for role in ("cfo", "cmo", "cro"):
        assert actions.add_person(by=founder, name=role, email=f"{role}@example.com", role=role).is_active
    assert not ConsentRequest.objects.exists()


def test_the_second_factor_of_a_signatory_is_reset_with_a_consent(as_user: Any, people: dict[str, User]) -> None:
    for role in ("cmo", "rep"):
        Authenticator.objects.create(user=people[role], type="totp", data={"secret": "x"})
        as_user(people["ops"]).post(reverse("reset_two_factor", args=[people[role].pk]))
    assert [row.user for row in Authenticator.objects.all()] == [people["cmo"]]
    consents.grant_request(by=people["cfo"], request=only())
    assert not Authenticator.objects.exists()
    assert "two-factor sign-in of CMO was reset, by OPS, with the consent of CFO" in _sentences(people["cmo"])


@pytest.mark.parametrize("changes", [*TAKEOVERS, {"is_superuser": "on"}, {"is_staff": "on"}])
def test_the_back_office_needs_the_consent_too(as_user: Any, people: dict[str, User], changes: dict[str, Any]) -> None:
    cmo, owner = people["cmo"], make.user("ops", is_superuser=True, is_staff=True)
    joined = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    as_user(owner).post(f"/admin/team/user/{cmo.pk}/change/", {**form_of(cmo, **changes), **joined})
    after = User.objects.get(pk=cmo.pk)
    assert (after.email, after.role, after.is_active) == (cmo.email, "cmo", True)
    assert not after.is_superuser
    assert not after.is_staff
    assert only().person == cmo


@pytest.mark.parametrize(
    "path", ["team/user/add/", "account/emailaddress/add/", "account/emailaddress/", "mfa/authenticator/"]
)
def test_the_back_office_opens_no_way_around(as_user: Any, ops: User, path: str) -> None:
    assert as_user(ops).get(f"/admin/{path}").status_code in {403, 404}


def test_the_back_office_removes_no_one(as_user: Any, ops: User, cmo: User) -> None:
    assert as_user(ops).post(f"/admin/team/user/{cmo.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_token_that_ended_is_not_made_valid_again(as_user: Any, ops: User) -> None:
    token, _ = actions.tokens.create_token(owner=make.user(), name="script")
    actions.revoke_token(by=ops, token=token)
    changed = as_user(ops).post(f"/admin/team/apitoken/{token.pk}/change/", {"revoked_at_0": "", "revoked_at_1": ""})
    assert changed.status_code == 403
    token.refresh_from_db()
    assert token.revoked_at


def test_the_link_for_a_signatory_is_in_the_mail_alone(as_user: Any, people: dict[str, User], settings: Any) -> None:
    User.objects.filter(role="cro").update(password="!")
    page = as_user(people["ops"]).post(reverse("invite", args=[people["cro"].pk]))
    link = next(word for word in mail.outbox[0].body.split() if word.startswith("http"))
    assert link not in page.content.decode()
    rep = make.user(Role.REP)
    assert (
        "/accounts/password/reset/key/"
        in as_user(people["ops"]).post(reverse("invite", args=[rep.pk])).content.decode()
    )
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    shown = as_user(people["ops"]).post(reverse("invite", args=[people["cro"].pk])).content.decode()
    assert "/accounts/password/reset/key/" in shown


def test_those_concerned_are_told_by_mail_and_notice_once(people: dict[str, User]) -> None:
    actions.change_person(by=people["ops"], person=User.objects.get(pk=people["cmo"].pk), email="mine@example.com")
    for _ in range(2):
        send_pending_mails()
        notify_of_requests()
    assert sorted(one.to[0] for one in mail.outbox) == ["cfo@example.com", "cmo@example.com"]
    assert "mine@example.com" in mail.outbox[0].body
    assert {notice.user for notice in Notice.objects.all()} == {people["cmo"], people["cfo"]}


def test_what_was_asked_and_decided_is_not_rewritten(people: dict[str, User]) -> None:
    request = actions.change_person(
        by=people["ops"], person=User.objects.get(pk=people["cmo"].pk), email="mine@example.com"
    )
    assert request
    for act in (
        lambda: ConsentRequest.objects.update(changes={}),
        lambda: ConsentRequest.objects.all().delete(),
    ):
        with pytest.raises(InternalError), transaction.atomic():
            act()
    consents.refuse_request(by=people["cmo"], request=request)
    with pytest.raises(InternalError), transaction.atomic():
        ConsentRequest.objects.update(decision="granted")


def test_an_outsider_sees_no_request_of_others(as_user: Any, people: dict[str, User]) -> None:
    request = actions.change_person(
        by=people["ops"], person=User.objects.get(pk=people["cmo"].pk), email="mine@example.com"
    )
    assert request
    client = as_user(people["rep"])
    assert "mine@example.com" not in client.get(reverse("account_requests")).content.decode()
    assert client.post(reverse("answer_account_request", args=[request.pk, "consent"])).status_code == 404


def test_a_command_on_the_server_needs_no_consent_but_is_written_and_mailed(people: dict[str, User]) -> None:
    Authenticator.objects.create(user=people["cmo"], type="totp", data={"secret": "x"})
    call_command(
        "change_account", "cmo@example.com", "--new-email", "New@Example.com", "--reset-two-factor", verbosity=0
    )
    assert User.objects.get(pk=people["cmo"].pk).email == "new@example.com"
    assert "from cmo@example.com to new@example.com, by the command change_account" in _sentences(people["cmo"])
    assert ["cmo@example.com"] in [one.to for one in mail.outbox]
    assert not Authenticator.objects.exists()


def test_the_sentence_who_may_refuse_names_each_person_once(people: dict[str, User]) -> None:
    actions.change_person(by=people["ops"], person=User.objects.get(pk=people["cmo"].pk), email="new@example.com")
    refusers = consents.possible_refusers(only())
    assert people["cmo"] in refusers
    assert len(refusers) == len(set(refusers))
    with pytest.raises(PermissionDenied) as refused:
        consents.refuse_request(by=people["rep"], request=only())
    assert str(refused.value).count("CMO") == 1
