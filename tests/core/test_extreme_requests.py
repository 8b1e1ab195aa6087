"""Extreme values in an address or a body are refused or fall back; they are never an error of the server."""

from typing import Any

import pytest

from facts.criteria import Draft
from funnel import dimensions
from kpis.grains import GRAINS
from scoring.icp.forms import TraitsInput
from scoring.model_editor import Editing
from team.models import User
from team.tokens import create_token


@pytest.mark.parametrize(
    ("grain", "key"),
    [("year", "0000"), ("year", "9999"), ("month", "9999-12"), ("quarter", "9999Q4"), ("day", "9999-12-31"), ("week", "0001-01-01"),
     ("year", "٢٠٢٥"), ("month", "2025-13"), ("day", "9" * 5000)],
)  # fmt: skip
def test_a_calendar_key_out_of_range_names_nothing(grain: str, key: str) -> None:
    with pytest.raises(ValueError, match=f"is not a valid {grain}"):
        GRAINS[grain].parse_key(key)


@pytest.mark.parametrize("number", ["²", "9" * 5000, "-3", "1e9", "٣"])
def test_a_form_that_counts_its_rows_in_no_number_has_none_or_as_many_as_may_be(number: str) -> None:
    assert not Draft.from_data({"criteria-groups": number, "criteria-do": f"row-{number}"}, "criteria").groups
    assert not Editing.from_data({"fit-count": number, "did-count": number, "do": f"drop-fit-{number}"}, {}).fit
    assert not TraitsInput().value_from_datadict({"terms-rows": number}, {}, "terms")


def test_a_key_of_a_part_that_is_no_id_has_no_name() -> None:
    assert dimensions.value_names(None, "owner", ["²", "9" * 30, "-1", "(blank)"]) == {}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "address",
    ["/verdicts/?from=0001-01-01&to=9999-12-31", "/verdicts/?to=9999-12-31", "/verdicts/leads/?by=campaign&part=²&from=0001-01-01",
     "/dashboard/?from=9999-01-01", "/dashboard/?year=9999", "/funnel/?from=0001-01-01&to=9999-12-31", "/funnel/?owner=²&by=owner",
     "/notices/?page=" + "9" * 5000, "/accounts/login/?next=" + "x" * 16_000],
)  # fmt: skip
def test_pages_answer_extremes(as_user: Any, cmo: User, address: str) -> None:
    assert as_user(cmo).get(address).status_code < 500


@pytest.mark.parametrize(
    "body",
    ["[[1]]", "[1]", '"x"', "5", "null", "[null]", '[{"source": [], "external_id": {}}]', '[{"custom": [1], "source": "a", "external_id": "b"}]',
     '{"source": "a", "external_id": "b", "custom": {"x": "\\u0000"}}', '{"source": "a", "external_id": "b", "campaign": []}',
     '{"source": "a", "external_id": "b", "created_at": "9998-12-31T23:59:59-14:00"}', '{"source": "a", "external_id": "b", "fit": [[]]}'],
)  # fmt: skip
def test_rows_that_are_none_are_refused_line_by_line(company: Any, client: Any, ops: User, body: str) -> None:
    secret = create_token(owner=ops, name="test", scopes=["read", "write"])[1]
    for kind in ("leads", "touches", "usage_events"):
        headers = {"Authorization": f"Bearer {secret}"}
        answer = client.post(f"/api/v1/{kind}/", body, content_type="application/json", headers=headers)
        assert answer.status_code == 400, answer.content
        assert answer.json()["detail"]
