"""What is mailed: no name adds a header or a line, and no one is told what they may not know."""

import email.message
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from team.accounts import invitations
from team.models import Company, User
from tests import make

pytestmark = pytest.mark.django_db
INJECTED = "Tomas\r\nBcc: stranger@example.com\r\n\r\nYour account is locked"


def test_a_name_with_line_breaks_adds_no_header_to_a_mail(ops: User) -> None:
    ops.name = INJECTED  # as a form or a command may bring it
    invitations.send_invitation(by=ops, person=make.user("rep", email="new@example.com"))
    sent: email.message.Message = mail.outbox[0].message()
    assert sent["Subject"] == "Tomas Bcc: stranger@example.com Your account is locked invites you to Accord"
    assert (sent["To"], sent["Bcc"]) == ("new@example.com", None)


@pytest.mark.parametrize("page", ["/me/", "/people/{pk}/"])
def test_a_name_is_kept_in_one_line(as_user: Any, ops: User, page: str) -> None:
    form = {"name": INJECTED, "email": ops.email, "role": ops.role, "is_active": "on", "time_zone": ""}
    assert as_user(ops).post(page.format(pk=ops.pk), form).status_code == 302
    ops.refresh_from_db()
    assert ops.name == "Tomas Bcc: stranger@example.com Your account is locked"


def test_a_mail_to_an_unknown_address_neither_invites_to_sign_up_nor_names_the_company(
    client: Client, company: Company
) -> None:
    client.post("/accounts/password/reset/", {"email": "stranger@example.com"})
    assert [one.to for one in mail.outbox] == [["stranger@example.com"]]
    text = mail.outbox[0].body
    assert "No active account there has this address" in text
    assert "sign up" not in text
    assert "/accounts/signup/" not in text
    assert str(company) not in text


def test_a_deactivated_person_is_sent_no_link(client: Client, company: Company) -> None:
    make.user("rep", email="gone@example.com", password="five quiet words walk home", is_active=False)
    client.post("/accounts/password/reset/", {"email": "gone@example.com"})
    assert all("/password/reset/key/" not in one.body for one in mail.outbox)
