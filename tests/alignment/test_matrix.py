"""The pages of the accountability matrix: edited as a form, proposed, signed, read with its values."""

import csv
from datetime import timedelta
from typing import Any

import pytest

from agreements import actions
from agreements.models import Version
from alignment.matrix.forms import stage_names
from facts.refresh import refresh
from team.models import Company, User
from tests import make

EDIT = "/accountability/edit/"


def grid(*decisions: str, **changes: str) -> dict[str, str]:
    """Return the fields of the grid with every stage answered for by the CMO, as a browser sends them."""
    names = [*stage_names().items(), *(("", name) for name in decisions)]
    fields = {"rows-count": str(len(names)), "text": "Who answers for what."}
    for index, (key, name) in enumerate(names):
        fields |= {
            f"rows-{index}-stage": key, f"rows-{index}-name": name, f"rows-{index}-metric": "leads",
            f"rows-{index}-cmo": "A", f"rows-{index}-rep": "R", f"rows-{index}-cro": "",
        }  # fmt: skip
    return {**fields, **changes}


def terms(**changes: str) -> dict[str, Any]:
    rows = [
        {"name": name, "stage": key, "metric": "leads", "cells": {"cmo": "A", "rep": "R"}}
        for key, name in stage_names().items()
    ]
    return {"rows": [{**rows[0], **changes}, *rows[1:]]}


def test_a_matrix_is_edited_proposed_and_signed(as_user: Any, cmo: User, cro: User) -> None:
    page = as_user(cmo).get(EDIT).content.decode()
    assert all(f">{name}<" in page for name in stage_names().values())
    answer = as_user(cmo).post(EDIT, grid("Budget", **{"rows-0-cro": "C"}), follow=True).content.decode()
    assert "Proposed." in answer
    assert "Budget: CMO accountable (Leads)" in answer
    version = Version.objects.get()
    assert version.terms["rows"][0]["cells"] == {"cmo": "A", "cro": "C", "rep": "R"}
    assert "is proposed" in as_user(cro).get("/accountability/").content.decode()
    actions.sign_version(by=cro, version=version)
    page = as_user(cro).get("/accountability/").content.decode()
    assert "Both sides have signed" in page
    assert "Budget" in page


def test_what_is_wrong_is_said_beside_the_row_and_nothing_is_kept(as_user: Any, cmo: User, cro: User) -> None:
    answer = as_user(cmo).post(EDIT, grid(**{"rows-0-cro": "A", "rows-1-rep": ""}))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert not Version.objects.exists()
    first, second = list(stage_names().values())[:2]
    assert f"{first} has 2 accountable roles (CMO, CRO). Keep A for one of them" in page
    assert f"{second} has no responsible role." in page
    assert page.count("has-fault") == 2
    assert 'value="A" selected' in page  # what was typed is still there


def test_rows_are_added_without_javascript(as_user: Any, cmo: User) -> None:
    before = as_user(cmo).get(EDIT).content.decode().count("placeholder=")
    answer = as_user(cmo).post(EDIT, grid("Budget", **{"rows-0-rep": "", "add": "1"}))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.count("placeholder=") == before + 2
    assert 'value="Budget"' in page
    assert "no responsible role" not in page


def test_a_draft_is_gone_on_with(as_user: Any, cmo: User, cro: User) -> None:
    client = as_user(cmo)
    client.post(EDIT, {**grid(), "draft": "1"})
    client.post(EDIT, {**grid("Budget"), "draft": "1"})
    version = Version.objects.get()
    assert version.state == "draft"
    assert version.terms["rows"][-1]["name"] == "Budget"
    client.post(EDIT, grid("Budget"))
    version.refresh_from_db()
    assert version.state == "proposed"


def test_a_rep_reads_and_does_not_edit(as_user: Any, rep: User) -> None:
    assert as_user(rep).get("/accountability/").status_code == 200
    assert as_user(rep).get(EDIT).status_code == 403
    assert as_user(rep).post(EDIT, grid()).status_code == 403


def sign_matrix(cmo: User, cro: User, **changes: str) -> Version:
    draft = actions.draft_version(
        by=cmo, kind="accountability_matrix", key="matrix", text="All.", terms=terms(**changes)
    )
    return actions.sign_version(by=cro, version=actions.propose_version(by=cmo, version=draft))


@pytest.mark.django_db(transaction=True)
def test_each_metric_shows_its_value_on_the_page_as_csv_and_by_api(as_user: Any, cmo: User, cro: User) -> None:
    sign_matrix(cmo, cro)
    for _ in range(3):
        make.lead(first_contact_on=Company.today())
    refresh()
    client = as_user(cro)
    assert '<strong class="number">3</strong>' in client.get("/accountability/").content.decode()
    text = b"".join(client.get("/accountability/?format=csv").streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    head, first, *_ = csv.reader(text.splitlines())
    assert head[:3] == ["Stage or decision", "CMO", "Sales rep"]
    assert first[1:3] == ["A", "R"]
    assert first[3:5] == ["Leads", "3"]
    answer = client.get("/api/v1/accountability-matrix/").json()
    assert answer["rows"][0]["accountable"] == "cmo"
    assert answer["rows"][0]["value"] == 3


def test_a_later_version_says_what_it_changes(as_user: Any, cmo: User, cro: User) -> None:
    sign_matrix(cmo, cro)
    second = terms(metric="revenue")
    second["rows"][0]["cells"] = {"cmo": "R", "cro": "A"}
    draft = actions.draft_version(by=cmo, kind="accountability_matrix", key="matrix", text="All.", terms=second)
    version = actions.propose_version(by=cmo, version=draft)
    name = next(iter(stage_names().values()))
    for address in ("/accountability/", f"/agreements/{version.agreement_id}/"):
        page = as_user(cro).get(address).content.decode()
        assert f"{name}, CMO: A → R" in page
        assert f"{name}, metric: Leads → Revenue" in page


def test_a_stage_without_a_row_is_named(as_user: Any, cmo: User, cro: User) -> None:
    short = {"rows": terms()["rows"][1:]}
    draft = actions.draft_version(by=cmo, kind="accountability_matrix", key="matrix", text="All.", terms=short)
    actions.sign_version(by=cro, version=actions.propose_version(by=cmo, version=draft))
    name = next(iter(stage_names().values()))
    assert f"does not name: {name}." in as_user(cro).get("/accountability/").content.decode()


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        ({"rows": []}, "has no row"),
        ({"rows": [{"name": "X", "cells": {"cmo": "Q"}}]}, "Give each row as an object"),
        ({"rows": "A"}, "Give each row as an object"),
    ],
)
def test_the_api_checks_the_same_rules(as_user: Any, cmo: User, cro: User, sent: Any, fault: str) -> None:
    body = {"kind": "accountability_matrix", "key": "matrix", "text": "All.", "terms": sent}
    answer = as_user(cmo).post("/api/v1/versions/", body, content_type="application/json")
    assert answer.status_code == 400
    assert fault in str(answer.json())
    body["terms"] = terms()
    assert as_user(cmo).post("/api/v1/versions/", body, content_type="application/json").status_code == 201


def test_the_next_review_is_set_changed_and_cleared_on_the_page(as_user: Any, cmo: User, cro: User) -> None:
    client, day = as_user(cmo), (Company.today() + timedelta(days=30)).isoformat()
    client.post(EDIT, {**grid(), "review_on": day, "draft": "1"})
    assert Version.objects.get().review_on.isoformat() == day  # type: ignore[union-attr]
    assert f'value="{day}"' in client.get(EDIT).content.decode()
    client.post(EDIT, {**grid(), "review_on": "", "draft": "1"})
    assert Version.objects.get().review_on is None
    refused = client.post(EDIT, {**grid(), "review_on": "2020-01-01"})
    assert "The day of the review has already passed. Choose a later day." in refused.content.decode()
    client.post(EDIT, {**grid(), "review_on": day})
    version = Version.objects.get()
    actions.sign_version(by=cro, version=version)
    assert "next review on" in client.get("/accountability/").content.decode()
    Version.objects.update(review_on=Company.today() - timedelta(days=1))
    assert "The review of the matrix was due on" in client.get("/accountability/").content.decode()
