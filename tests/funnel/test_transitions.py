"""A person moves a buyer by hand: freely where its criteria hold, with a reason where they fail."""

from typing import Any

from funnel.models import Move
from team.models import Company, User
from tests import make


def test_a_lead_is_moved_by_hand_and_says_why(as_user: Any, rep: User) -> None:
    lead, page = make.lead(owner=make.owner(user=rep)), as_user(rep)
    place = f"/leads/{lead.pk}/move/"
    assert place in page.get(f"/leads/{lead.pk}/").content.decode()
    assert "It is in no stage yet." in page.get(place).content.decode()
    refused = page.post(place, {"stage": "sql"})
    assert refused.status_code == 422
    assert "does not meet the criteria of SQL" in refused.content.decode()
    assert page.post(place, {"stage": "sql", "override": "She told me"}, follow=True).status_code == 200
    move = Move.objects.get()
    assert (move.stage, move.by, move.actor, move.override) == ("sql", "hand", rep, "She told me")
    assert page.post(place, {"stage": "sql", "override": "Again"}).status_code == 422
    assert "She told me" in page.get(f"/leads/{lead.pk}/").content.decode()


def test_who_may_not_read_a_buyer_does_not_move_it(as_user: Any, rep: User, company: Company) -> None:
    company.visibility = Company.Visibility.RESTRICTED
    company.save()
    assert as_user(rep).post(f"/leads/{make.lead().pk}/move/", {"stage": "sql", "override": "Mine"}).status_code == 404
    assert not Move.objects.exists()


def test_an_account_has_the_stages_of_accounts(as_user: Any, cmo: User) -> None:
    account = make.account()
    page = as_user(cmo).get(f"/accounts/{account.pk}/move/").content.decode()
    assert "Targeted" in page
    assert 'value="mql"' not in page
    as_user(cmo).post(f"/accounts/{account.pk}/move/", {"stage": "targeted", "override": "Chosen at the fair"})
    assert account.moves.get().stage == "targeted"
