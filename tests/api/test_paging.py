"""Pages by key lose nothing and repeat nothing, whatever the order and whatever happens meanwhile."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import signing
from django.db import connection, connections

from core.api.paging import MAX_LIMIT
from crm import models as crm
from team.models import User
from tests import make
from tests.api.conftest import Caller

ORDERS = ["id", "-id", "name", "-name", "amount", "-amount", "closed_on", "-closed_on", "created_at", "-created_at"]


def pages(caller: Caller, kind: str, **query: Any) -> Iterator[dict[str, Any]]:
    answer = caller.get(f"{kind}/", **query)
    while True:
        assert answer.status_code == 200, answer.content
        yield answer.json()
        if answer.json()["next"] is None:
            return
        answer = caller.client.get(answer.json()["next"])


def walk(caller: Caller, kind: str, **query: Any) -> list[dict[str, Any]]:
    return [row for page in pages(caller, kind, **query) for row in page["results"]]


@pytest.fixture
def deals(company: Any) -> list[crm.Opportunity]:
    """Seventeen deals with equals and blanks in every field that orders."""
    day = date(2025, 1, 1)
    return [
        make.opportunity(
            name="Same" if n % 4 == 0 else f"Deal {n % 7}",
            amount=None if n % 5 == 0 else Decimal(n % 3) / 4,
            closed_on=None if n % 3 == 0 else day + timedelta(days=n % 4),
        )
        for n in range(17)
    ]


@pytest.mark.parametrize("ordering", ORDERS)
@pytest.mark.parametrize("limit", [1, 4, 17, 100])
def test_every_row_comes_once_in_order_and_blanks_last(cro: User, deals: list[Any], ordering: str, limit: int) -> None:
    rows = walk(Caller(cro), "opportunities", ordering=ordering, limit=limit)
    assert sorted(row["id"] for row in rows) == [deal.pk for deal in deals]
    field = ordering.removeprefix("-")
    values = [row[field] for row in rows]
    filled = [value for value in values if value is not None]
    assert values == filled + [None] * (len(values) - len(filled))
    if field != "name":  # the database orders words by its own alphabet
        key = Decimal if field == "amount" else None
        assert filled == sorted(filled, key=key, reverse=ordering.startswith("-"))


def test_a_row_that_comes_or_goes_meanwhile_moves_no_other(cro: User, deals: list[Any]) -> None:
    seen: list[int] = []
    for number, page in enumerate(pages(Caller(cro), "opportunities", limit=5)):
        seen += [row["id"] for row in page["results"]]
        if number == 0:
            deals[1].delete()
            make.opportunity()
    assert len(seen) == len(set(seen)) == 18
    assert {deal.pk for deal in deals if deal.pk} <= set(seen)


def test_the_count_is_of_the_whole_list_and_stays_as_the_first_page_said(cro: User, deals: list[Any]) -> None:
    counts = []
    for page in pages(Caller(cro), "opportunities", limit=6, ordering="-name"):
        counts.append(page["count"])
        make.opportunity(name="A late one")
    assert set(counts) == {17}


def test_a_page_holds_a_hundred_rows_unless_told(cro: User, company: Any) -> None:
    for _ in range(101):
        make.lead()
    first = Caller(cro).get("leads/").json()
    assert (len(first["results"]), first["count"]) == (100, 101)


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "ten", "1e3", "٣", "9" * 400])
def test_a_limit_out_of_bounds_is_refused(cro: User, limit: str) -> None:
    answer = Caller(cro).get("leads/", limit=limit)
    assert answer.status_code == 400
    assert answer.json()["fields"] == {"limit": [f"Write a number from 1 to {MAX_LIMIT}."]}


@pytest.mark.parametrize(
    "cursor", ["x", "a:b:c", signing.dumps(["id", None, 1, {}], salt="another"), signing.dumps([1], salt="api.cursor")]
)
def test_a_cursor_that_is_not_ours_is_refused(cro: User, cursor: str) -> None:
    answer = Caller(cro).get("leads/", cursor=cursor)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["cursor"])


def test_a_cursor_of_another_order_is_refused(cro: User, deals: list[Any]) -> None:
    caller = Caller(cro)
    following = caller.get("opportunities/", ordering="name", limit=2).json()["next"]
    answer = caller.client.get(following.replace("ordering=name", "ordering=amount"))
    assert answer.status_code == 400
    assert "another ordering" in answer.json()["fields"]["cursor"][0]


def test_an_order_that_is_not_offered_is_refused(cro: User) -> None:
    answer = Caller(cro).get("leads/", ordering="owner__user__password")
    assert answer.status_code == 400
    assert answer.json()["fields"]["ordering"][0].startswith("Order by one of: id, -id, ")


def test_a_sync_token_brings_what_was_written_since(cro: User, company: Any) -> None:
    caller = Caller(cro)
    old, changed = make.lead(), make.lead()
    token = caller.get("leads/").json()["sync_token"]
    crm.Lead.objects.filter(pk=changed.pk).update(status="warm")
    new = make.lead()
    found = {row["id"] for row in walk(caller, "leads", changed_since=token, limit=1)}
    assert {changed.pk, new.pk} <= found
    future = f"{10**17}-{token.partition('-')[2]}"
    assert caller.get("leads/", changed_since=future).json()["count"] == 0
    assert old.pk in {row["id"] for row in caller.rows("leads")}


def test_a_token_of_another_list_or_another_database_is_refused(cro: User, company: Any) -> None:
    """In a restored database transactions are counted again: an old token would hide what is new."""
    caller = Caller(cro)
    token = caller.get("accounts/").json()["sync_token"]
    refused = caller.get("leads/", changed_since=token)
    assert refused.status_code == 400
    assert refused.json()["fields"] == {"changed_since": ["This token belongs to another list. Start without a token."]}
    assert caller.get("accounts/", changed_since=token).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_sync_misses_no_row_of_a_transaction_that_was_open(cro: User, caller: Callable[..., Caller]) -> None:
    asked, lead, quiet = caller(cro), make.lead(), make.lead()
    other = connections["default"].copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("UPDATE crm_lead SET status = 'late' WHERE id = %s", [lead.pk])
        make.lead()  # a later transaction ends first
        token = asked.get("leads/").json()["sync_token"]
        other.commit()
    finally:
        other.close()
    found = {row["id"]: row["status"] for row in asked.rows("leads", changed_since=token)}
    assert found[lead.pk] == "late"
    assert quiet.pk not in found
    assert connection.vendor == "postgresql"
