"""Salesforce: bulk jobs, locators, what was deleted, and its four ways to sign in."""

from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors import actions
from connectors.errors import Refused
from connectors.models import Connector
from core.work import State
from crm import models as crm
from team.models import User
from tests.connectors.conftest import connect, last_import, pull, source_of
from tests.connectors.server import Reply, Stage

T = datetime(2026, 11, 1, 9, tzinfo=UTC)
OWNER = "005A0000000AAAAAAA"


def test_a_first_pull_imports_the_org(salesforce: Stage, ops: User) -> None:
    source = source_of(salesforce)
    source.put("User", OWNER, T, Username="ann@org", Name="Ann Able", Email="ann@example.com", IsActive="true")
    source.put(
        "Account", "001A0000000AAAAAAA", T, Name="Ada Works", BillingCity="Wien", Industry="Machines", OwnerId=OWNER
    )
    source.put(
        "Lead", "00QA0000000AAAAAAA", T, LastName="Ender", FirstName="Eve", Name="Eve Ender", Company="Ada", Email="Eve@ada.example",
        Status="Open", IsConverted="false", OwnerId=OWNER, Score__c='42, "hot"\nand more',
    )  # fmt: skip
    source.put(
        "Opportunity", "006A0000000AAAAAAA", T, AccountId="001A0000000AAAAAAA", Name="Big one", StageName="Closed Won", Amount="1200.50",
        Probability="100", CloseDate="2025-12-31", OwnerId=OWNER,
    )  # fmt: skip
    source.put(
        "OpportunityHistory", "008A0000000AAAAAAA", T, OpportunityId="006A0000000AAAAAAA", StageName="Prospecting", Amount="900",
        Probability="10", CloseDate="2025-12-31",
    )  # fmt: skip

    done = pull(connect(salesforce, ops, kinds=["User", "Account", "Lead", "Opportunity", "OpportunityHistory"]))

    assert (done.state, done.notes, done.last_error) == (State.DONE, [], "")
    owner = crm.Owner.objects.get()
    assert (owner.external_id, owner.email) == (OWNER, "ann@example.com")
    lead = crm.Lead.objects.get()
    assert (lead.email, lead.owner, lead.custom["Score__c"]) == ("eve@ada.example", owner, '42, "hot"\nand more')
    deal = crm.Opportunity.objects.get()
    assert (deal.outcome, deal.amount, deal.closed_on, deal.account) == (
        "won",
        1200.5,
        date(2025, 12, 31),
        crm.Account.objects.get(),
    )
    assert (deal.stage_changes.get().stage, deal.stage_changes.get().entered_at) == ("Prospecting", T)


def test_a_large_result_comes_page_by_page(salesforce: Stage, ops: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.vendors.salesforce.reader.PAGE_ROWS", 10)
    source = source_of(salesforce)
    source.looks = 7
    for key in range(95):
        source.put("Lead", f"00QA{key:011d}AAA", T, LastName=f"L{key}", Company="Ada", Status="Open")
    done = pull(connect(salesforce, ops, kinds=["Lead"]))
    assert (done.done_units, crm.Lead.objects.count(), last_import().counts["repeated"]) == (95, 95, 0)
    assert len(source.asked("/results")) == 10
    assert len(source.jobs) == 1


def test_the_next_pull_asks_for_what_changed_and_forgets_what_was_deleted(salesforce: Stage, ops: User) -> None:
    source = source_of(salesforce)
    for key in "ABC":
        source.put("Lead", f"00Q{key}0000000AAAAAAA", T, LastName=key, Company="Ada", Status="Open")
    connector = connect(salesforce, ops, kinds=["Lead"])
    pull(connector)
    before = Connector.objects.get().pulled_until("Lead")
    assert before == source.now
    source.now += timedelta(hours=1)
    source.put("Lead", "00QA0000000AAAAAAA", Status="Working")
    source.put("Lead", "00QB0000000AAAAAAA", IsDeleted="true")
    done = pull(connector)
    assert (done.done_units, done.gone) == (1, 1)
    assert dict(crm.Lead.objects.values_list("name", "status")) == {"A": "Working", "C": "Open"}
    assert "SystemModstamp >= 2026-11-20T11:50:00.000Z" in list(source.jobs.values())[-1]["query"]


def test_the_log_of_the_stage_field_stands_in_for_a_closed_history(salesforce: Stage, ops: User) -> None:
    source = source_of(salesforce)
    source.closed.add("OpportunityHistory")
    source.put("Opportunity", "006A0000000AAAAAAA", T, Name="Big one", StageName="Proposal", CloseDate="2026-12-31")
    for number, (field, value) in enumerate(
        [("StageName", "Qualification"), ("Amount", "12"), ("StageName", "Proposal")]
    ):
        source.put(
            "OpportunityFieldHistory",
            f"017{number}",
            T,
            OpportunityId="006A0000000AAAAAAA",
            Field=field,
            NewValue=value,
        )
    done = pull(connect(salesforce, ops, kinds=["Opportunity", "OpportunityHistory", "OpportunityFieldHistory"]))
    assert done.notes == ["Stage history left out: NOT_FOUND: The requested resource does not exist"]
    assert sorted(crm.StageChange.objects.values_list("stage", flat=True)) == ["Proposal", "Qualification"]


def test_what_history_and_log_both_tell_is_told_once(salesforce: Stage, ops: User) -> None:
    source = source_of(salesforce)
    source.closed.add("LeadHistory")
    source.put("Opportunity", "006A0000000AAAAAAA", T, Name="Big one", StageName="Proposal", CloseDate="2026-12-31")
    source.put(
        "OpportunityHistory",
        "0081",
        T,
        OpportunityId="006A0000000AAAAAAA",
        StageName="Proposal",
        CloseDate="2026-12-31",
    )
    source.put(
        "OpportunityFieldHistory",
        "0171",
        T,
        OpportunityId="006A0000000AAAAAAA",
        Field="StageName",
        OldValue="",
        NewValue="Proposal",
    )
    done = pull(
        connect(salesforce, ops, kinds=["Opportunity", "LeadHistory", "OpportunityHistory", "OpportunityFieldHistory"])
    )
    assert done.notes == [], "that a log is not kept is nothing to tell"
    assert crm.StageChange.objects.get().external_id == "0081"


def test_a_job_that_salesforce_threw_away_is_made_again(
    salesforce: Stage, ops: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.vendors.salesforce.reader.PAGE_ROWS", 10)
    source = source_of(salesforce)
    for key in range(30):
        source.put("Lead", f"00QA{key:011d}AAA", T, LastName=f"L{key}", Company="Ada", Status="Open")
    gone = {"once": True}

    def throw_away(question: object) -> None:
        if len(source.asked("/results")) == 2 and gone.pop("once", None):
            source.jobs.clear()

    source.after = throw_away
    done = pull(connect(salesforce, ops, kinds=["Lead"]))
    assert (done.state, crm.Lead.objects.count()) == (State.DONE, 30)


def test_a_daily_limit_is_waited_for_and_is_no_refusal(salesforce: Stage, ops: User) -> None:
    source = source_of(salesforce)
    source.put("Lead", "00QA0000000AAAAAAA", T, LastName="A", Company="Ada", Status="Open")
    limit = Reply([{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}], 403)
    source.go_wrong("status", "/jobs/query$", reply=limit)
    source.go_wrong("status", "/describe$", reply=limit)
    done = pull(connect(salesforce, ops, kinds=["Lead"]))
    assert (done.state, crm.Lead.objects.count()) == (State.DONE, 1)


def test_a_sign_in_that_leads_away_from_the_vendor_is_refused(
    salesforce: Stage, ops: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = Reply({"access_token": "x-token-x", "instance_url": "https://salesforce.example.com"})
    source_of(salesforce).go_wrong("status", "/services/oauth2/token", reply=reply)
    failed = pull(connect(salesforce, ops, kinds=["Lead"]))
    assert failed.state == State.FAILED
    assert "an address that does not belong to the vendor" in failed.last_error


def key_pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.mark.parametrize(
    ("method", "filled"),
    [
        ("client_credentials", {"client_id": "client", "client_secret": "hush-hush-secret"}),
        ("refresh_token", {"client_id": "client", "client_secret": "", "refresh_token": "refresh-1-very-secret"}),
        ("password", {"username": "ann@org", "password": "sesam", "security_token": "SECTOKEN"}),
        ("jwt", {"client_id": "client", "username": "ann@org", "private_key": "made in the test"}),
    ],
)
def test_each_way_to_sign_in_works_and_renews(
    salesforce: Stage, ops: User, method: str, filled: dict[str, str]
) -> None:
    source = source_of(salesforce)
    source.put("Lead", "00QA0000000AAAAAAA", T, LastName="A", Company="Ada", Status="Open")
    filled = {**filled, "private_key": key_pem()} if method == "jwt" else filled
    connector = connect(salesforce, ops, kinds=["Lead"], method=method, filled=filled)
    assert pull(connector).state == State.DONE
    source.token = f"{source.token.replace('-of-the-hour', '')}0-of-the-hour"  # ended before its time
    source.now += timedelta(hours=1)
    source.put("Lead", "00QA0000000AAAAAAA", Status="Working")
    done = pull(connector)
    assert (done.state, crm.Lead.objects.get().status) == (State.DONE, "Working")


@pytest.mark.parametrize(
    ("method", "filled", "words"),
    [
        (
            "client_credentials",
            {"client_id": "client", "client_secret": "a-wrong-secret"},
            "expired access/refresh token",
        ),
        ("refresh_token", {"client_id": "client", "refresh_token": "a-wrong-token"}, "expired access/refresh token"),
        (
            "password",
            {"username": "ann@org", "password": "wrong", "security_token": "SECTOKEN"},
            "Invalid username, password",
        ),
        ("jwt", {"client_id": "client", "username": "ann@org", "private_key": "no key at all"}, "paste it whole"),
    ],
)
def test_a_wrong_sign_in_is_told_in_words(
    salesforce: Stage, ops: User, method: str, filled: dict[str, str], words: str
) -> None:
    with pytest.raises(Refused, match=words):
        actions.test_sign_in(by=ops, source="salesforce", base_url=salesforce.url, method=method, filled=filled)
    name = actions.test_sign_in(
        by=ops, source="salesforce", base_url=salesforce.url, method="client_credentials",
        filled={"client_id": "client", "client_secret": "hush-hush-secret"},
    )  # fmt: skip
    assert name == "the org at 127.0.0.1"
