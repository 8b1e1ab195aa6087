"""Benchmarks and public peers: delivered once, dated, with their source, edited by the CFO or ops, by page and API."""

import json
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from facts.engine import Facts
from kpis.models import Benchmark
from team.models import Company, Role
from tests import make

pytestmark = pytest.mark.django_db
NEW = {
    "metric": "smroi", "label": "Peer AG", "value": "1.2", "dated_on": "2025-12-31", "source": "Annual report",
    "url": "https://peer.example/report", "note": "Group figure",
}  # fmt: skip


def sign_in(client: Client, role: Role) -> Client:
    client.force_login(make.user(role))
    return client


def send(client: Client, method: str, address: str, body: dict[str, object]) -> int:
    answer = getattr(client, method)(address, json.dumps(body), content_type="application/json")
    return int(answer.status_code)


def test_the_public_figures_are_there_with_their_date_and_source(company: Company) -> None:
    peers = Benchmark.objects.filter(metric="sm_share_of_revenue", is_reference=False)
    assert {row.label: row.value for row in peers} == {
        "Salesforce": Decimal("0.53"), "Constant Contact": Decimal("0.38"), "Marketo": Decimal("0.66"), "Tableau": Decimal("0.53"),
        "Microsoft": Decimal("0.18"), "Google": Decimal("0.12"), "Oracle": Decimal("0.2"),
    }  # fmt: skip
    assert all(row.source and row.dated_on == date(2014, 12, 31) for row in peers)
    thumb = Benchmark.objects.get(metric="never_followed_up_rate")
    assert (thumb.value, thumb.source, thumb.is_reference) == (Decimal("0.8"), "", False)


def test_the_page_shows_peers_beside_the_own_figure_and_names_rules_of_thumb(sold: Facts, client: Client) -> None:
    sign_in(client, Role.REP)
    page = client.get("/benchmarks/").content.decode()
    assert "Constant Contact" in page
    assert "Rule of thumb" in page
    assert "Your company:" in page
    assert "Change" not in page
    rows = b"".join(client.get("/benchmarks/?format=csv").streaming_content).decode().splitlines()
    assert len(rows) == 1 + Benchmark.objects.count()


def test_the_cfo_adds_changes_and_deletes_a_peer_in_the_api(company: Company, client: Client) -> None:
    sign_in(client, Role.CFO)
    assert send(client, "post", "/api/v1/benchmarks/", NEW) == 201
    peer = Benchmark.objects.get(label="Peer AG")
    assert (peer.value, peer.url, peer.note, peer.is_reference) == (Decimal("1.2"), NEW["url"], "Group figure", False)
    assert send(client, "put", f"/api/v1/benchmarks/{peer.pk}/", {**NEW, "value": "1.3", "upper": "1.5"}) == 200
    peer.refresh_from_db()
    assert (peer.value, peer.upper) == (Decimal("1.3"), Decimal("1.5"))
    assert client.delete(f"/api/v1/benchmarks/{peer.pk}/").status_code == 204
    assert not Benchmark.objects.filter(label="Peer AG").exists()


def test_what_cannot_be_is_refused(company: Company, client: Client) -> None:
    sign_in(client, Role.CFO)
    for wrong in ({"metric": "mood"}, {"upper": "1"}, {"url": "javascript:alert(1)"}, {"label": ""}, {"value": "much"}):
        assert send(client, "post", "/api/v1/benchmarks/", {**NEW, **wrong}) == 400, wrong
    sign_in(client, Role.CMO)
    assert send(client, "post", "/api/v1/benchmarks/", NEW) == 403


def test_a_deleted_figure_stays_deleted_and_the_metric_shows_source_and_note(sold: Facts, client: Client) -> None:
    Benchmark.objects.filter(label="Google").delete()
    Benchmark.objects.create(
        **{**NEW, "metric": "sm_share_of_revenue", "value": Decimal("0.4"), "dated_on": date(2025, 12, 31)}
    )
    sign_in(client, Role.CFO)
    page = client.get("/metrics/sm_share_of_revenue/").content.decode()
    assert "Google" not in page
    assert 'href="https://peer.example/report"' in page
    assert "Group figure" in page


def test_more_peers_ask_no_more_queries(sold: Facts, client: Client, django_assert_max_num_queries: object) -> None:
    sign_in(client, Role.CFO)
    client.get("/benchmarks/")
    with django_assert_max_num_queries(40) as first:  # type: ignore[operator]
        client.get("/benchmarks/")
    for number in range(10):
        Benchmark.objects.create(metric="smroi", value=1, label=f"Peer {number}", dated_on=date(2025, 12, 31))
    with django_assert_max_num_queries(len(first)):  # type: ignore[operator]
        client.get("/benchmarks/")
