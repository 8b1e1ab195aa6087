"""The page, the CSV and the API of quotas: what they show, and to whom."""

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm import models as crm
from facts.refresh import refresh
from team.models import Company, Role, User
from tests import make

YEAR = {"starts_on": date(2025, 1, 1), "ends_on": date(2025, 12, 31)}
MAY = date(2025, 5, 5)
ADDRESS = "/quotas/?from=2025-01-01&to=2025-12-31"


def quota(owner: crm.Owner, amount: Any = 1000, potential: Any = 1000, **fields: Any) -> crm.Quota:
    return make.record(
        crm.Quota, owner=owner, category="Volume", amount=Decimal(amount),
        potential=None if potential is None else Decimal(potential), currency="EUR", **{**YEAR, "version": "2025.1", **fields},
    )  # fmt: skip


@pytest.fixture
def asked(company: Company, rep: User) -> list[crm.Owner]:
    """Ten reps asked for 1,000 each, Rita among them; each has won 100 more than the one before; Rita's potential is 500."""
    users = [rep, *(make.user(Role.REP) for _ in range(9))]
    owners = [make.owner(name="Rita Rep" if user == rep else f"Rep {n}", user=user) for n, user in enumerate(users)]
    for n, owner in enumerate(owners):
        quota(owner, potential=500 if n == 0 else 1000)
        make.opportunity(owner=owner, outcome="won", amount=Decimal(500 + 100 * n), closed_on=MAY, opened_on=MAY)
    refresh()
    return owners


def text_of(client: Client, address: str = ADDRESS, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def rows_of(client: Client, address: str = ADDRESS) -> list[dict[str, str]]:
    content = b"".join(client.get(f"{address}&format=csv"))  # type: ignore[arg-type]
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_a_leader_reads_each_rep_the_spread_and_the_audit(asked: list[crm.Owner], as_user: Any, cro: User) -> None:
    text = text_of(as_user(cro))
    assert "Rita Rep is asked for most: 200% of the potential" in text
    assert "5 of 10 reps reached the quota" in text
    for label in ("Inequality of attainment (Gini)", "Not met", "Met", "outside ±10%", "Rep 9"):
        assert label in text


def test_csv_and_api_have_the_numbers_of_the_page(asked: list[crm.Owner], as_user: Any, cro: User) -> None:
    client = as_user(cro)
    rows, answer = rows_of(client), client.get(f"/api/v1/quota-fairness/?{ADDRESS.split('?')[1]}").json()
    assert len(rows) == len(answer["reps"]) == 10
    rita, same = rows[-1], answer["reps"][-1]
    assert (rita["Rep"], rita["Quota"], rita["Achieved"], rita["Within 10% of the mean"]) == (
        "Rita Rep",
        "1000.00",
        "500.00",
        "No",
    )
    assert (same["quota"], same["achieved"], same["attainment"], same["potential_to_quota"]) == (
        "1000.00",
        "500.00",
        0.5,
        0.5,
    )
    assert answer["share_at_quota"] == 0.5
    assert {rule["key"]: rule["verdict"] for rule in answer["audit"]}["at_quota"] == "not_met"


def test_volume_is_the_metric_of_won_revenue_by_owner(asked: list[crm.Owner], as_user: Any, cro: User) -> None:
    client = as_user(cro)
    metric = client.get("/api/v1/metrics/won_revenue/?from=2025-01-01&to=2025-12-31&by=owner").json()
    by_owner = {part["key"]: Decimal(part["value"]) for part in metric["parts"]}
    for line in client.get(f"/api/v1/quota-fairness/?{ADDRESS.split('?')[1]}").json()["reps"]:
        assert Decimal(line["achieved"]) == by_owner[f"id:{line['owner']}"]


def test_a_rep_sees_only_their_own_quota(asked: list[crm.Owner], as_user: Any, rep: User) -> None:
    client = as_user(rep)
    text = text_of(client)
    assert "Rita Rep" in text
    assert "Rep 3" not in text
    assert [row["Rep"] for row in rows_of(client)] == ["Rita Rep"]
    answer = client.get(f"/api/v1/quota-fairness/?{ADDRESS.split('?')[1]}").json()
    assert [line["name"] for line in answer["reps"]] == ["Rita Rep"]
    assert (answer["sees_all"], {rule["verdict"] for rule in answer["audit"]}) == (False, {"none"})


@pytest.mark.parametrize(("setting", "achieved"), [("everybody", "500.00"), ("team", "500.00"), ("leaders", "")])
def test_a_manager_sees_the_quotas_of_the_team_and_achievement_as_the_company_decides(
    asked: list[crm.Owner], as_user: Any, rep: User, company: Company, setting: str, achieved: str
) -> None:
    manager = make.user(Role.REP)
    rep.manager = manager
    rep.save()
    Company.objects.update(achievement=setting)
    (row,) = rows_of(as_user(manager))
    assert (row["Rep"], row["Quota"], row["Achieved"]) == ("Rita Rep", "1000.00", achieved)


@pytest.mark.parametrize("role", [Role.MARKETER, Role.SUPPORT])
def test_others_have_no_page_of_quotas(asked: list[crm.Owner], as_user: Any, role: str) -> None:
    client = as_user(make.user(role))
    text_of(client, status=403)
    assert client.get("/api/v1/quota-fairness/").status_code == 403
    assert client.get(f"/api/v1/quota-fairness/{asked[0].pk}/").status_code == 403


def test_a_new_version_is_compared_and_counts_from_then_on(asked: list[crm.Owner], as_user: Any, cro: User) -> None:
    quota(asked[0], 1100, 500, version="2025.2")
    quota(asked[1], 1000, 1000, version="2025.2", starts_on=date(2024, 1, 1))
    refresh()
    client = as_user(cro)
    text = text_of(client)
    assert "Version 2025.2 replaced version 2025.1 for 1 rep: 1 raised" in text
    assert [row["Quota"] for row in rows_of(client) if row["Rep"] == "Rita Rep"] == ["1100.00"]
    assert [row["Quota"] for row in rows_of(client, f"{ADDRESS}&version=2025.1") if row["Rep"] == "Rita Rep"] == [
        "1000.00"
    ]


def test_without_a_potential_no_quota_is_called_unfair(company: Company, rep: User, as_user: Any, cro: User) -> None:
    quota(make.owner(name="Rita", user=rep), potential=None)
    quota(make.owner(name="Sam"), potential=None)
    refresh()
    text = text_of(as_user(cro))
    assert "without a potential nothing says whether the quotas are fair" in text
    assert "No potential is on record" in text


def test_one_quota_of_two_without_a_potential_leaves_the_rep_without_one(
    company: Company, rep: User, as_user: Any, cro: User
) -> None:
    rita = make.owner(name="Rita", user=rep)
    quota(rita, ends_on=date(2025, 6, 30))
    quota(rita, potential=None, starts_on=date(2025, 7, 1))
    refresh()
    (row,) = rows_of(as_user(cro))
    assert (row["Quota"], row["Potential"]) == ("2000.00", "")


def test_two_owner_records_of_one_person_are_one_rep(company: Company, rep: User, as_user: Any, cro: User) -> None:
    first, second = make.owner(name="Rita", user=rep), make.owner(name="rita@example.com", user=rep)
    quota(first)
    make.opportunity(owner=second, outcome="won", amount=Decimal(700), closed_on=MAY, opened_on=MAY)
    refresh()
    (row,) = rows_of(as_user(cro))
    assert row["Achieved"] == "700.00"


def test_without_quotas_the_page_says_what_to_import(company: Company, as_user: Any, cro: User) -> None:
    text = text_of(as_user(cro))
    assert "No quotas to judge" in text
    assert "Import quotas" in text


@pytest.mark.parametrize("query", ["category=luck", "potential=guessed", "from=soon", "period=never"])
def test_a_bad_address_is_explained(company: Company, as_user: Any, cro: User, query: str) -> None:
    client = as_user(cro)
    assert 'role="alert"' in text_of(client, f"/quotas/?{query}", 400)
    assert client.get(f"/api/v1/quota-fairness/?{query}").status_code == 400


def test_ten_reps_or_twenty_need_as_many_queries(asked: list[crm.Owner], as_user: Any, cro: User) -> None:
    client = as_user(cro)
    text_of(client)
    with CaptureQueriesContext(connection) as ten:
        text_of(client)
    for n in range(10):
        owner = make.owner(name=f"More {n}")
        quota(owner)
    refresh()
    text_of(client)
    with CaptureQueriesContext(connection) as twenty:
        text_of(client)
    assert len(twenty) == len(ten)
