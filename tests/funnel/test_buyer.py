"""A buyer's page: all that happened on one line, fast, for anyone who may read it; content at hand; opportunities heard of."""

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from core.formatting import THIN
from crm import models as crm
from funnel.buyers.timeline import PAGE, scope_of, timeline_page, timelines
from funnel.models import HandOff
from funnel.verdicts import actions
from notify.models import Notice
from team.models import Company, Role, User
from tests import make
from tests.funnel.handoff_factory import handed, later, local, now, seller, signed
from tests.funnel.test_handoff_scores import scored_by


@pytest.fixture
def ada(cmo: User, cro: User) -> crm.Owner:
    signed(cmo, cro, since=local("2026-01-01T00:00:00"))
    return seller("Ada", cro)


@pytest.fixture
def found(ada: crm.Owner) -> HandOff:
    account = make.account(name="Acme", owner=ada)
    contact = make.contact(account=account)
    return handed(
        later(now(), minutes=-5), name="Lena", owner=ada, account=account, contact=contact, persona="CFO",
        first_contact_on=date(2026, 11, 2),
    )  # fmt: skip


def everything(found: HandOff) -> None:
    """One thing of each kind."""
    lead, moment = found.lead, later(now(), days=-2)
    make.record(crm.Touch, lead=lead, kind="Webinar", happened_at=moment, campaign=make.campaign(name="Pink"))
    make.record(crm.Activity, contact=lead.contact, kind="call", subject="First call", happened_at=moment)
    make.record(crm.Enquiry, account=lead.account, name="Where is it?", opened_at=moment, answered_at=moment)
    make.record(crm.UsageEvent, lead=lead, name="Signed in", happened_at=moment)
    make.opportunity(lead=lead, amount=Decimal(100), opened_on=date(2026, 11, 1))
    bill = make.invoice(account=lead.account, number="7", issued_on=date(2026, 11, 3), amount=Decimal(100))
    make.record(crm.Payment, invoice=bill, amount=Decimal(100), paid_on=date(2026, 11, 4))
    make.subscription(account=lead.account, name="Care", amount=Decimal(20), starts_on=date(2026, 11, 5))
    make.record(crm.ContentUse, lead=lead, asset=make.record(crm.ContentAsset, name="Paper"), used_at=moment)
    rep = found.to_owner and found.to_owner.user
    assert rep
    actions.accept_lead(by=rep, handoff=found, rating=4)
    HandOff.objects.filter(pk=found.pk).update(due_at=moment, answered_at=later(moment, hours=3))


def test_every_kind_of_thing_stands_on_the_line(client: Client, found: HandOff) -> None:
    everything(found)
    entries = timeline_page(scope_of(found.lead, found.to_owner.user)).entries  # type: ignore[union-attr,arg-type]
    assert {one.kind for one in entries} == set(timelines())
    moments = [one.moment for one in entries]
    assert moments == sorted(moments, reverse=True)
    client.force_login(found.to_owner.user)  # type: ignore[union-attr,arg-type]
    words = client.get(f"/leads/{found.lead_id}/").content.decode()
    for said in [
        "Webinar",
        "First call",
        "Where is it?",
        "Entered MQL",
        "Accepted",
        "Invoice 7",
        "Paid: invoice 7",
        "Subscription started: Care",
    ]:
        assert said in words
    assert f"did not answer for 3{THIN}h" in words
    part = client.get(f"/leads/{found.lead_id}/?kind=invoice").content.decode()
    assert "Invoice 7" in part
    assert "First call" not in part
    account = client.get(f"/accounts/{found.lead.account_id}/").content.decode()
    assert "First call" in account
    assert "Webinar" in account


def test_a_deal_on_the_line_leads_to_its_history(client: Client, found: HandOff, cro: User) -> None:
    deal = make.opportunity(lead=found.lead, name="Pumps", opened_on=date(2026, 11, 1))
    client.force_login(cro)
    page = client.get(f"/leads/{found.lead_id}/").content.decode()
    assert f'href="/pipeline/deals/{deal.pk}/"' in page
    assert client.get(f"/pipeline/deals/{deal.pk}/").status_code == 200


def test_silence_that_lasts_is_said_in_words(client: Client, found: HandOff, cro: User) -> None:
    HandOff.objects.filter(pk=found.pk).update(due_at=later(now(), hours=-30))
    client.force_login(cro)
    words = client.get(f"/leads/{found.lead_id}/").content.decode()
    assert "has not answered yet" in words
    assert "Lena has not been answered yet." in words


def test_the_pages_follow_one_another_without_a_gap(found: HandOff) -> None:
    moment = later(now(), days=-1)
    crm.Touch.objects.bulk_create(
        crm.Touch(
            source="test",
            external_id=f"t-{n}",
            lead=found.lead,
            kind="Mail",
            happened_at=moment - timedelta(hours=n // 3),
        )
        for n in range(3 * PAGE)
    )
    scope, seen, before = scope_of(found.lead, User()), [], ""  # type: ignore[var-annotated]
    while True:
        page = timeline_page(scope, "touch", before)
        seen += [one.id for one in page.entries]
        before = page.earlier
        if not before:
            break
    assert len(seen) == len(set(seen)) == 3 * PAGE
    assert timeline_page(scope, "touch", "what~is~this~?").entries[0].id == seen[0]


def test_five_thousand_entries_ask_no_more_than_none(client: Client, found: HandOff, cro: User) -> None:
    client.force_login(cro)
    client.get(f"/leads/{found.lead_id}/")
    with CaptureQueriesContext(connection) as few:
        client.get(f"/leads/{found.lead_id}/")
    crm.Touch.objects.bulk_create(
        crm.Touch(
            source="test", external_id=f"t-{n}", lead=found.lead, kind="Mail", happened_at=later(now(), minutes=-n)
        )
        for n in range(5000)
    )
    with CaptureQueriesContext(connection) as many:
        page = client.get(f"/leads/{found.lead_id}/")
    assert len(many) == len(few)
    assert page.content.decode().count('class="line-entry') == PAGE


def test_in_a_restricted_company_a_rep_reads_their_own_alone(client: Client, found: HandOff, company: Company) -> None:
    company.visibility = Company.Visibility.RESTRICTED
    company.save()
    client.force_login(make.user(Role.REP))
    assert client.get(f"/leads/{found.lead_id}/").status_code == 404
    assert client.get(f"/accounts/{found.lead.account_id}/").status_code == 404
    assert client.post(f"/leads/{found.lead_id}/opportunity/", {"need": "More"}).status_code == 404


def test_a_lead_shows_its_account_only_to_anyone_who_may_read_that(found: HandOff, company: Company) -> None:
    company.visibility = Company.Visibility.RESTRICTED
    company.save()
    other = seller("Ole")
    crm.Lead.objects.filter(pk=found.lead_id).update(owner=other)
    found.lead.refresh_from_db()
    assert other.user
    assert scope_of(found.lead, other.user).accounts == []


def test_content_that_fits_is_at_hand_with_why_it_was_not_used(client: Client, found: HandOff, ada: crm.Owner) -> None:
    paper = make.record(crm.ContentAsset, name="For the CFO", persona="CFO", kind="Paper")
    make.record(crm.ContentAsset, name="For engineers", persona="Engineer")
    assert ada.user
    client.force_login(ada.user)
    words = client.get(f"/leads/{found.lead_id}/").content.decode()
    assert "For the CFO" in words
    assert "For engineers" not in words
    post = f"/leads/{found.lead_id}/content/"
    client.post(post, {"asset": paper.pk})
    client.post(post, {"asset": paper.pk, "unused": "1", "reason": "Out of date"})
    client.post(post, {"asset": paper.pk, "unused": "1"})
    used, unused = crm.ContentUse.objects.order_by("pk")
    assert (used.owner, used.reason_unused, used.used_at is not None) == (ada, "", True)
    assert (unused.reason_unused, unused.used_at) == ("Out of date", None)


@pytest.mark.parametrize("role", ["support", "marketer", "rep"])
def test_anyone_who_meets_customers_raises_an_opportunity_and_its_owner_is_told(
    client: Client, found: HandOff, ada: crm.Owner, role: str
) -> None:
    spotter = make.owner(user=make.user(role))
    client.force_login(spotter.user)
    said = {"need": "Ten more seats", "person": "Kim", "when": "2027-01-31"}
    client.post(f"/leads/{found.lead_id}/opportunity/", said)
    made = crm.Enquiry.objects.get()
    assert (made.name, made.owner, made.account) == ("Ten more seats", ada, found.lead.account)
    assert "Kim" in made.description
    passed = crm.EnquiryHandover.objects.get()
    assert (passed.from_owner, passed.to_owner) == (spotter, ada)
    assert Notice.objects.filter(user=ada.user, event__kind="funnel.spotted").count() == 1
    assert "Ten more seats" in client.get(f"/leads/{found.lead_id}/").content.decode()


def test_finance_raises_none_and_a_lead_without_account_keeps_a_note(client: Client, found: HandOff, cfo: User) -> None:
    client.force_login(cfo)
    assert client.get(f"/leads/{found.lead_id}/opportunity/").status_code == 403
    alone = make.lead(name="Alone")
    client.force_login(make.user(Role.SUPPORT))
    nothing = client.post(f"/leads/{alone.pk}/opportunity/", {"need": " "})
    assert nothing.status_code == 422
    client.post(f"/leads/{alone.pk}/opportunity/", {"need": "Help"})
    assert "Opportunity spotted: Help" in client.get(f"/leads/{alone.pk}/").content.decode()


def test_unknown_kinds_and_buyers(client: Client, found: HandOff, cro: User) -> None:
    client.force_login(cro)
    assert client.get(f"/leads/{found.lead_id}/?kind=nonsense&before=x").status_code == 200
    assert client.get("/leads/999999999999999999/").status_code == 404


def test_anonymous_is_asked_to_sign_in(client: Client, found: HandOff) -> None:
    assert client.get(f"/leads/{found.lead_id}/").status_code == 302


@pytest.mark.parametrize("role", [Role.CMO, Role.REP, Role.CFO, Role.SUPPORT])
def test_the_page_of_a_lead_shows_its_score_with_the_reasons(
    client: Client, found: HandOff, cmo: User, cro: User, role: str
) -> None:
    scored_by(cmo, cro)
    make.record(crm.Touch, lead=found.lead, kind="Webinar", happened_at=later(now(), days=-1))
    client.force_login(found.to_owner.user if role == Role.REP else make.user(role))  # type: ignore[union-attr,arg-type]
    page = client.get(f"/leads/{found.lead_id}/").content.decode()
    assert "10 of 20 points" in page
    assert '<h2 id="score">Score</h2>' in page
    assert "+10" in page


def test_without_a_score_model_the_page_says_nothing_of_one(client: Client, found: HandOff, cmo: User) -> None:
    client.force_login(cmo)
    assert '<h2 id="score">' not in client.get(f"/leads/{found.lead_id}/").content.decode()


def test_the_score_at_the_hand_off_stands_at_the_model_that_it_is_of() -> None:
    shown = [
        SimpleNamespace(score=points, letter="", lines=(), capped_away=0, lifts=(), model=SimpleNamespace(threshold=20, title=title))
        for points, title in ((12, "Fit"), (0, "Use of the product"))
    ]  # fmt: skip
    words = strip_tags(render_to_string("scoring/reasons.html", {"explained": shown, "before": Decimal(82)}))
    assert "12 of 20 points now by Fit; 82 at the hand-off." in words
    assert "0 of 20 points now by Use of the product." in words
