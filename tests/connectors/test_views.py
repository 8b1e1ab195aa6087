"""The connectors' pages: add, test, pull, switch off, and what they say of how things stand."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

import imports.models
from connectors import actions
from connectors.models import Connector, Pull
from core.work import State
from crm import models as crm
from team.models import User
from tests.connectors.conftest import connect, pull, run, source_of
from tests.connectors.server import Stage

HTMX = {"HTTP_HX_REQUEST": "true"}


def fields(stage: Stage, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Our HubSpot", "base_url": stage.url, "token": "token-1-of-the-hour", "kinds": ["owners", "deals"], "rhythm": "*/15 * * * *",
        **changes,
    }  # fmt: skip


@pytest.fixture
def page(as_user: Any, ops: User) -> Client:
    client: Client = as_user(ops)
    return client


@pytest.mark.parametrize("method", ["get", "post"])
def test_only_those_who_may_import_enter(
    hubspot: Stage, ops: User, rep: User, as_user: Any, client: Client, method: str
) -> None:
    connector = connect(hubspot, ops)
    names = ["", "edit/", "pull/", "remove/", "on/", "off/", "stop/", "again/"]
    paths = [
        "/connectors/",
        "/connectors/new/hubspot/oauth/",
        *(f"/connectors/{connector.pk}/{name}" for name in names),
    ]
    for path in paths:
        assert getattr(client, method)(path).status_code == 302, f"{path} asks strangers to sign in"
    signed_in = as_user(rep)
    for path in paths:
        assert getattr(signed_in, method)(path).status_code in {403, 405}, path
    assert Connector.objects.filter(is_enabled=True).count() == 1


def test_nothing_changes_by_looking(hubspot: Stage, ops: User, page: Client) -> None:
    connector = connect(hubspot, ops)
    for name in ["pull/", "remove/", "on/", "off/", "stop/", "again/"]:
        assert page.get(f"/connectors/{connector.pk}/{name}").status_code == 405


def test_an_empty_list_offers_every_way_in(page: Client, ops: User) -> None:
    found = page.get("/connectors/").text
    assert "No CRM is connected yet" in found
    for path in ["hubspot/private_app", "hubspot/oauth", "pipedrive/api_token", "pipedrive/oauth", "salesforce/jwt"]:
        assert f"/connectors/new/{path}/" in found


def test_a_connector_is_added_and_pulls(hubspot: Stage, page: Client) -> None:
    source_of(hubspot).put("deals", 1, dealname="Big one", dealstage="closedwon")
    added = page.post("/connectors/new/hubspot/private_app/", fields(hubspot), follow=True)
    assert "Our HubSpot is ready" in added.text
    connector = Connector.objects.get()
    assert (connector.schedule, connector.kinds, connector.method) == (
        "*/15 * * * *",
        ["owners", "deals"],
        "private_app",
    )
    page.post(f"/connectors/{connector.pk}/pull/")
    row = Pull.objects.get()
    assert (row.cause, row.asked_by) == (Pull.Cause.HAND, connector.added_by)
    live = page.get(f"/connectors/{connector.pk}/", **HTMX)
    assert "<html" not in live.text
    assert 'hx-trigger="every 2s"' in live.text
    run(row)
    over = page.get(f"/connectors/{connector.pk}/", **HTMX)
    assert "The last pull imported" in over.text
    assert "hx-trigger" not in over.text
    assert "Up to date" in page.get("/connectors/").text
    assert crm.Opportunity.objects.get().name == "Big one"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"token": ""}, "This field is required"),
        ({"base_url": "https://example.com"}, "Enter an https address under *.hubapi.com"),
        ({"kinds": []}, "Choose at least one"),
        ({"kinds": ["passwords"]}, "Select a valid choice"),
        ({"rhythm": "", "cron": ""}, "Enter a cron expression or choose how often"),
        ({"cron": "every day"}, "cron"),
        ({"name": "x" * 81}, "at most 80 characters"),
    ],
)
def test_a_form_says_what_to_correct(hubspot: Stage, page: Client, changes: dict[str, Any], words: str) -> None:
    back = page.post("/connectors/new/hubspot/private_app/", fields(hubspot, **changes))
    assert back.status_code == 200
    assert words in back.text
    assert not Connector.objects.exists()


def test_there_is_one_connector_to_a_source(hubspot: Stage, ops: User, page: Client) -> None:
    connect(hubspot, ops)
    back = page.post("/connectors/new/hubspot/private_app/", fields(hubspot))
    assert "Accord already pulls from HubSpot" in back.text
    assert "/connectors/new/hubspot/" not in page.get("/connectors/").text


@pytest.mark.parametrize("path", ["hubspot/password", "sugar/oauth"])
def test_a_way_that_is_not_there_is_not_found(page: Client, path: str) -> None:
    assert page.get(f"/connectors/new/{path}/").status_code == 404


def test_the_connection_is_tested_before_it_is_saved(hubspot: Stage, page: Client) -> None:
    path = "/connectors/new/hubspot/private_app/"
    good = page.post(path, fields(hubspot, test="1"), **HTMX)
    assert "The connection works: signed in to portal 62515." in good.text
    assert "<form" not in good.text, "only the answer comes back, so what was typed stays"
    bad = page.post(path, fields(hubspot, test="1", token="a-wrong-token"), **HTMX)
    assert "The connection failed: HubSpot no longer accepts the token" in bad.text or "expired" in bad.text
    assert "a-wrong-token" not in bad.text
    unfit = page.post(path, fields(hubspot, test="1", kinds=[]), **HTMX)
    assert "Some fields are missing or not valid" in unfit.text
    whole = page.post(path, fields(hubspot, test="1"))
    assert "The connection works" in whole.text
    assert "<html" in whole.text
    assert not Connector.objects.exists()


def test_a_test_of_a_saved_connector_uses_what_is_kept(hubspot: Stage, ops: User, page: Client) -> None:
    connector = connect(hubspot, ops)
    tested = page.post(f"/connectors/{connector.pk}/edit/", fields(hubspot, test="1", token=""), **HTMX)
    assert "The connection works" in tested.text


def test_another_address_is_another_account(hubspot: Stage, ops: User, page: Client, settings: Any) -> None:
    source_of(hubspot).put("deals", 1, dealname="Big one", dealstage="closedwon")
    connector = connect(hubspot, ops, kinds=["deals"])
    pull(connector)
    assert Connector.objects.get().pulled_until("deals")
    page.post(f"/connectors/{connector.pk}/edit/", fields(hubspot, token="", base_url="https://api.hubapi.com"))
    assert Connector.objects.get().cursors == {}


def test_switching_off_and_on_and_reading_all_again(hubspot: Stage, ops: User, page: Client) -> None:
    source_of(hubspot).put("deals", 1, dealname="Big one", dealstage="closedwon")
    connector = connect(hubspot, ops, kinds=["deals"])
    pull(connector)
    page.post(f"/connectors/{connector.pk}/off/")
    assert "is off. Switch it on" in page.get(f"/connectors/{connector.pk}/").text
    refused = page.post(f"/connectors/{connector.pk}/pull/", follow=True)
    assert "Switch it on first" in refused.text
    page.post(f"/connectors/{connector.pk}/on/")
    page.post(f"/connectors/{connector.pk}/again/")
    assert Connector.objects.get().cursors == {}
    again = pull(connector)
    assert again.run is not None
    assert (again.done_units, again.run.counts["created"], again.run.counts["unchanged"]) == (1, 0, 1)


def test_a_stopped_connector_says_why_and_what_to_do(hubspot: Stage, ops: User, page: Client) -> None:
    connector = connect(hubspot, ops, filled={"token": "a-void-token"})
    assert pull(connector).state == State.FAILED
    found = page.get(f"/connectors/{connector.pk}/").text
    assert "has stopped: HubSpot no longer accepts the token. Sign in again" in found
    assert "Stopped" in page.get("/connectors/").text


def test_a_waiting_pull_says_until_when(hubspot: Stage, ops: User, page: Client) -> None:
    connector = connect(hubspot, ops)
    row = actions.pull_now(by=ops, connector=connector)
    Pull.objects.filter(pk=row.pk).update(
        checkpoint={"waits": 1},
        last_error="You have reached your daily limit",
        run_after=timezone.now() + timedelta(hours=3),
    )
    found = page.get(f"/connectors/{connector.pk}/").text
    assert "You have reached your daily limit. It continues automatically at" in found


def test_removing_a_connector_keeps_what_it_brought(hubspot: Stage, ops: User, page: Client) -> None:
    source_of(hubspot).put("deals", 1, dealname="Big one", dealstage="closedwon")
    connector = connect(hubspot, ops, kinds=["deals"])
    pull(connector)
    page.post(f"/connectors/{connector.pk}/remove/")
    assert not Connector.objects.exists()
    assert crm.Opportunity.objects.count() == 1


def test_the_history_is_paged_and_asks_no_more_for_more_pulls(
    hubspot: Stage, ops: User, page: Client, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    connector = connect(hubspot, ops)

    def add(many: int) -> None:
        for _ in range(many):
            run_ = imports.models.ImportJob.objects.create(
                key=f"i{imports.models.ImportJob.objects.count()}", folder="x", name="x", state=State.DONE
            )
            imports.models.ImportFile.objects.create(
                run=run_,
                name="x",
                stored="x",
                counts={"deal": {"created": 2, "updated": 1, "unchanged": 0, "repeated": 0}},
            )
            Pull.objects.create(
                key=f"p{Pull.objects.count()}", connector=connector, state=State.DONE, run=run_, asked_by=ops
            )

    add(3)
    page.get(f"/connectors/{connector.pk}/")
    with django_assert_max_num_queries(14) as few:
        page.get(f"/connectors/{connector.pk}/")
    add(27)
    with django_assert_num_queries(len(few)):
        found = page.get(f"/connectors/{connector.pk}/")
    assert "1–25 of 30 pulls" in found.text
