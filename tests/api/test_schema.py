"""The description of the API is complete, keeps its word, and is read from our own host alone."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from crm.api import record_views
from revops.wsgi import application
from team.models import Role
from team.tokens import create_token
from tests import make
from tests.api.conftest import one_of_each

KEPT = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]
MANNER: dict[str, Any] = {"deadline": None, "suppress_health_check": list(HealthCheck), "derandomize": True}


def described(*, thoroughly: bool) -> Any:
    """Read the description from the running app; thoroughly tries every edge of every parameter besides."""
    config = schemathesis.Config()
    config.projects.default.phases.coverage.enabled = thoroughly
    return schemathesis.openapi.from_wsgi("/api/schema/?format=json", application, config=config)


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Requests do not close the connection that the test's transaction lives in (the test client does the same)."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def bearer(company: Any, settings: Any, one_connection: None) -> dict[str, str]:
    settings.API_RATE_PER_MINUTE = 10**9
    user = make.user(Role.CRO)
    one_of_each(user)
    return {"Authorization": f"Bearer {create_token(owner=user, name='fuzz')[1]}"}


@described(thoroughly=False).parametrize()
@settings(max_examples=6, **MANNER)
def test_every_operation_keeps_its_word(case: schemathesis.Case, bearer: dict[str, str]) -> None:
    case.call_and_validate(headers=bearer, checks=KEPT)


@described(thoroughly=True).include(path_regex="/opportunities/").parametrize()
@settings(max_examples=1, **MANNER)
def test_every_edge_of_every_parameter_is_minded(case: schemathesis.Case, bearer: dict[str, str]) -> None:
    case.call_and_validate(headers=bearer, checks=KEPT)


def test_the_description_has_no_gaps(tmp_path: Path) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))


def test_every_kind_is_described_with_its_errors(db: None, client: Client) -> None:
    description = json.loads(client.get("/api/schema/?format=json").content)
    for kind in record_views():
        for path in (f"/api/v1/{kind}/", f"/api/v1/{kind}/{{id}}/"):
            operation = description["paths"][path]["get"]
            assert {"200", "400", "401", "403", "404", "429"} <= set(operation["responses"])
            assert operation["description"]
            assert {"token": []} in operation["security"]


def test_the_reader_loads_only_our_own_host_under_the_strict_policy(db: None, client: Client) -> None:
    page = client.get("/api/docs/")
    html = page.content.decode()
    loaded = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert len(loaded) >= 5
    assert all(address.startswith("/") and not address.startswith("//") for address in loaded)
    assert not re.search(r"<style|\son\w+=|<script>|style=", html)
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    for address in loaded:
        if address.startswith("/static/"):
            assert finders.find(address.removeprefix("/static/")), address


def test_an_address_that_leads_nowhere_says_so_in_json(db: None, client: Client) -> None:
    for address in (
        "/api/",
        "/api/v1/people/",
        "/api/v2/leads/",
        "/api/v1/leads/x/",
        "/api/v1/leads/%0A/",
        "/api/v1/metrics/a%0Ab/records/",
    ):
        answer = client.get(address)
        assert answer.status_code == 404
        assert answer.json()["code"] == "not_found"


def test_a_missing_slash_is_put_right(db: None, client: Client) -> None:
    answer = client.get("/api/v1/leads?limit=1")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/api/v1/leads/?limit=1")


def test_the_root_names_every_list(company: Any, as_user: Any) -> None:
    lists = as_user(make.user(Role.CEO)).get("/api/v1/").json()
    assert set(record_views()) <= set(lists)
