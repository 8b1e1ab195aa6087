"""Rounds over HTTP do what the pages do, through the same rights and the same gate."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from alignment.rounds.models import Round
from team.models import Company, User
from tests.alignment.rounds.answering import answer_all, end, names, open_round, sheet

pytestmark = pytest.mark.django_db


def body(**fields: Any) -> dict[str, Any]:
    closes_on = (Company.today() + timedelta(days=5)).isoformat()
    return {
        "name": "Autumn", "closes_on": closes_on, "marketing": names("marketing", 5), "sales": names("sales", 5), **fields,
    }  # fmt: skip


def test_a_round_is_opened_watched_and_closed(as_user: Any, ceo: User) -> None:
    client = as_user(ceo)
    made = client.post("/api/v1/rounds/", body(), content_type="application/json")
    assert made.status_code == 201
    assert len(made.json()["links"]) == 10
    pk = made.json()["round"]["id"]
    assert client.get(f"/api/v1/rounds/{pk}/").json()["progress"][0] == {
        "side": "marketing", "invited": 5, "answered": 0,
    }  # fmt: skip
    assert client.get(f"/api/v1/rounds/{pk}/results/").status_code == 400
    assert client.post(f"/api/v1/rounds/{pk}/close/").json()["is_open"] is False
    assert client.post(f"/api/v1/rounds/{pk}/links/").status_code == 400


@pytest.mark.parametrize("fields", [{"minimum": 2}, {"sales": ["one"]}, {"sales": "all"}, {"name": ""}])
def test_a_wrong_round_is_refused(as_user: Any, ceo: User, fields: dict[str, Any]) -> None:
    answered = as_user(ceo).post("/api/v1/rounds/", body(**fields), content_type="application/json")
    assert answered.status_code == 400
    assert not Round.objects.exists()


def test_results_are_those_of_the_page(as_user: Any, ceo: User) -> None:
    opened, links = open_round(ceo)
    answer_all(links, {"marketing": [sheet(4, guess=3)] * 5, "sales": [sheet(2, guess=2)] * 6})
    end(opened)
    results = as_user(ceo).get(f"/api/v1/rounds/{opened.pk}/results/").json()
    first = results["dimensions"][0]
    assert first["agreement"]["text"] == "≤ −2.0"
    assert [side["mean"]["text"] for side in first["sides"]] == ["≥ 4.0", "2.0"]
    assert first["sides"][0]["accuracy"]["text"] == "+1.0"
    html = as_user(ceo).get(reverse("round_results", args=[opened.pk])).content.decode()
    assert first["agreement"]["text"] in html


def test_ops_see_progress_and_no_results(as_user: Any, ops: User, rep: User) -> None:
    opened, _ = open_round(ops)
    end(opened)
    assert as_user(ops).get(f"/api/v1/rounds/{opened.pk}/").status_code == 200
    assert as_user(ops).get(f"/api/v1/rounds/{opened.pk}/results/").status_code == 403
    assert as_user(rep).get("/api/v1/rounds/").status_code == 403
