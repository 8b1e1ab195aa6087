"""The API answers what the command prints, and says what cannot be asked."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm import models as crm
from facts.engine import Facts
from facts.refresh import refresh
from kpis.registry import all_metrics
from team.models import Company, User
from tests import make
from tests.kpis.ask_metric import shapes


@pytest.fixture
def api(cmo: User, client: Client) -> Client:
    client.force_login(cmo, backend="django.contrib.auth.backends.ModelBackend")
    return client


def printed(*words: str) -> dict[str, Any]:
    out = StringIO()
    call_command("metric", *words, "--json", stdout=out)
    return json.loads(out.getvalue())  # type: ignore[no-any-return]


@pytest.mark.django_db(transaction=True)
def test_the_api_answers_what_the_command_prints(sold: Facts, api: Client) -> None:
    for metric in shapes():
        asked = {"from": "2025-01-01", "to": "2025-12-31", "by": metric.default_cut}
        answer = api.get(f"/api/v1/metrics/{metric.key}/", asked).json()
        answer.pop("marks", None)  # what a reader may know happened: the command has no reader
        assert answer == printed(metric.key, "--from", "2025-01-01", "--to", "2025-12-31", "--by", metric.default_cut)


@pytest.mark.django_db(transaction=True)
def test_filters_are_the_same_too(sold: Facts, api: Client) -> None:
    answer = api.get("/api/v1/metrics/close_rate/?where=owner:Sam&where=source_system:test").json()
    assert answer == printed("close_rate", "--where", "owner=Sam", "source_system=test")
    assert (answer["value"], answer["numerator"], answer["denominator"]) == (0.25, 1, 4)


def test_the_glossary_lists_every_metric(api: Client) -> None:
    found = api.get("/api/v1/metrics/").json()
    assert {metric["key"] for metric in found} == {metric.key for metric in all_metrics()}
    assert found[0]["dimensions"]["month"] == "Month"


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("colour/", 404, "Available: accounts"),
        ("close_rate/?by=colour", 400, "Use one of: owner"),
        ("close_rate/?by=custom.x", 400, "Custom fields of the source: none"),
        ("close_rate/?from=yesterday", 400, "Use YYYY-MM-DD"),
        ("close_rate/?from=2025-02-01&to=2025-01-01", 400, "Swap the two dates"),
        ("close_rate/?where=owner", 400, "as dimension:value"),
        ("close_rate/?where=owner:A&where=owner:B", 400, "as dimension:value"),
        ("close_rate/?where=month:2025-13", 400, "Write it as 2025-03"),
        ("close_rate/?colour=red", 400, "This parameter does not exist"),
        ("smroi/records/?table=leads", 400, "Use one of: invoices, spend"),
        ("smroi/records/?limit=0", 400, "from 1 to 1,000"),
    ],
)
def test_what_cannot_be_asked_is_explained(sold: Facts, api: Client, address: str, status: int, words: str) -> None:
    answer = api.get(f"/api/v1/metrics/{address}")
    assert answer.status_code == status
    assert words in answer.content.decode()


def test_ids_that_no_database_holds_find_nothing(sold: Facts, api: Client) -> None:
    answer = api.get("/api/v1/metrics/close_rate/?where=owner:id:99999999999999999999").json()
    assert (answer["value"], answer["n"]) == (None, 0)


def test_records_come_with_the_number_they_make(sold: Facts, api: Client) -> None:
    answer = api.get("/api/v1/metrics/close_rate/records/?where=owner:Sam&limit=3").json()
    assert (answer["table"], answer["n"], answer["count"], answer["hidden"]) == ("opportunities", 4, 4, 0)
    assert len(answer["results"]) == 3
    more = api.get("/api/v1/metrics/close_rate/records/?where=owner:Sam&limit=3&offset=3").json()
    assert {row["id"] for row in answer["results"]}.isdisjoint(row["id"] for row in more["results"])


def test_achievement_of_colleagues_is_held_back(sold: Facts, rep: User, client: Client) -> None:
    Company.objects.update(achievement=Company.Achievement.TEAM)
    client.force_login(rep, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get("/api/v1/metrics/won_revenue/?by=owner").json()
    assert [part["label"] for part in answer["parts"]] == ["Rita"]
    assert answer["value"] == 3050.30
    assert answer["warnings"][-1] == "Hidden parts that you have no permission to see: 2."
    assert client.get("/api/v1/metrics/won_revenue/?where=owner:Sam").status_code == 403
    assert client.get("/api/v1/metrics/won_revenue/records/?where=owner:Sam").status_code == 403
    assert client.get("/api/v1/metrics/won_revenue/?where=owner:Rita").json()["n"] == 2


def test_buyers_names_are_held_back_in_a_restricted_company(sold: Facts, rep: User, client: Client) -> None:
    Company.objects.update(visibility=Company.Visibility.RESTRICTED)
    client.force_login(rep, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get("/api/v1/metrics/won_revenue/?by=account").json()
    assert [part["label"] for part in answer["parts"]] == ["Rita's account", "(blank)"]
    assert answer["readable_only"] is True
    assert answer["value"] == 1050.10
    there, not_there = (
        client.get("/api/v1/metrics/won_revenue/", {"where": f"account:{name}"}).json()
        for name in ("Sam's account", "No such")
    )
    assert there["n"] == not_there["n"] == 0


def test_no_one_asks_without_signing_in(client: Client, db: None) -> None:
    assert client.get("/api/v1/metrics/").status_code in {401, 403}


def test_ten_deals_or_forty_cost_the_same_queries(sold: Facts, api: Client) -> None:
    def queries() -> int:
        refresh()
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert api.get("/api/v1/metrics/close_rate/?by=owner").status_code == 200
            assert api.get("/api/v1/metrics/close_rate/records/?limit=1000").status_code == 200
        return len(seen)

    before = queries()
    for number in range(30):
        make.opportunity(outcome="won", amount=number, owner=crm.Owner.objects.first())
    assert queries() == before
