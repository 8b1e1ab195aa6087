"""Answers that were posted come back as a list, not as a page of one."""

import pytest
from django.test import Client

from team.models import Role
from tests import make


@pytest.mark.django_db
def test_posted_answers_are_described_as_a_list(client: Client) -> None:
    client.force_login(make.user(Role.CRO), backend="django.contrib.auth.backends.ModelBackend")
    described = client.get("/api/schema/?format=json").json()
    answered = described["paths"]["/api/v1/answers/"]["post"]["responses"]["201"]["content"]["application/json"][
        "schema"
    ]
    assert answered == {"type": "array", "items": {"$ref": "#/components/schemas/Answer"}}
    assert described["components"]["schemas"]["Answer"]["type"] == "object"


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["leads", "touches", "usage_events", "line_items", "subscriptions"])
def test_a_push_is_described_with_the_status_that_it_answers(client: Client, kind: str) -> None:
    client.force_login(make.user(Role.CRO), backend="django.contrib.auth.backends.ModelBackend")
    responses = client.get("/api/schema/?format=json").json()["paths"][f"/api/v1/{kind}/"]["post"]["responses"]
    assert [status for status in responses if status.startswith("2")] == ["200"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["accountability-matrix", "alignment-dimensions", "alignment-index", "campaign-credits", "overview", "plan"]
)
def test_an_answer_of_one_object_is_described_as_one(client: Client, path: str) -> None:
    """The description took these for lists, since they stand where lists of the others do."""
    client.force_login(make.user(Role.CEO), backend="django.contrib.auth.backends.ModelBackend")
    described = client.get("/api/schema/?format=json").json()["paths"][f"/api/v1/{path}/"]["get"]
    schema = described["responses"]["200"]["content"]["application/json"]["schema"]
    assert "$ref" in schema
    assert isinstance(client.get(f"/api/v1/{path}/").json(), dict)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["cost-of-misalignment", "lead-calculator"])
def test_a_calculation_is_described_as_one_object(client: Client, path: str) -> None:
    client.force_login(make.user(Role.CRO), backend="django.contrib.auth.backends.ModelBackend")
    described = client.get("/api/schema/?format=json").json()["paths"][f"/api/v1/{path}/"]["get"]
    assert "$ref" in described["responses"]["200"]["content"]["application/json"]["schema"]
