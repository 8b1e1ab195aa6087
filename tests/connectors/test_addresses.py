"""Where a connector may call, and what a source's answers mean."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from connectors import errors
from connectors.allowed_hosts import ForbiddenAddress, allowed_base_url
from connectors.errors import (
    Busy,
    Expired,
    NotPermitted,
    UnexpectedResponse,
    back_off,
    clean_message,
    raise_for_status,
    requested_wait,
)


@pytest.mark.parametrize(
    ("source", "url", "base"),
    [
        ("hubspot", "https://api.hubapi.com", "https://api.hubapi.com"),
        ("hubspot", "https://API.hubapi.com/crm/v3?x=1#y", "https://api.hubapi.com"),
        ("pipedrive", " https://testing.pipedrive.com/ ", "https://testing.pipedrive.com"),
        (
            "salesforce",
            "https://testing--uat.sandbox.my.salesforce.com",
            "https://testing--uat.sandbox.my.salesforce.com",
        ),
        ("salesforce", "https://testing.my.salesforce.com:8443", "https://testing.my.salesforce.com:8443"),
    ],
)
def test_the_vendors_hosts_may_be_called(source: str, url: str, base: str) -> None:
    assert allowed_base_url(source, url) == base


@pytest.mark.parametrize(
    "url",
    [
        "http://api.hubapi.com", "https://hubapi.com.example.com", "https://evilhubapi.com", "https://example.com/.hubapi.com",
        "https://api.hubapi.com@example.com", "https://user:pw@api.hubapi.com", "https://api.hubapi.com:22", "https://127.0.0.1",
        "https://[::1]", "https://localhost", "https://169.254.169.254/latest", "ftp://api.hubapi.com", "file:///etc/passwd",
        "https://", "", "api.hubapi.com", "https://api.hubapi.com:99999", "https://example.com#.hubapi.com", "https://example.com?.hubapi.com",
        "https://example.com\\.hubapi.com",  "https://example.com%2f.hubapi.com", "https://.hubapi.com", "http://192.168.0.1", "http://example.com",
    ],
)  # fmt: skip
def test_nowhere_else_may_be_called(url: str) -> None:
    with pytest.raises(ForbiddenAddress, match="Enter an https address under"):
        allowed_base_url("hubspot", url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://[::1]:8000"])
def test_this_machine_may_be_called_in_a_rehearsal_only(url: str, settings: Any) -> None:
    assert allowed_base_url("hubspot", url) == url
    settings.CONNECTOR_LOOPBACK = False
    with pytest.raises(ForbiddenAddress):
        allowed_base_url("hubspot", url)


def test_a_gateway_of_the_company_may_be_named(settings: Any) -> None:
    settings.CONNECTOR_HOSTS = ["crm-gateway.testing.example"]
    assert allowed_base_url("hubspot", "https://crm-gateway.testing.example/x") == "https://crm-gateway.testing.example"
    with pytest.raises(ForbiddenAddress):
        allowed_base_url("hubspot", "http://crm-gateway.testing.example")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, Expired), (403, NotPermitted), (404, NotPermitted), (429, Busy), (408, Busy), (500, Busy), (503, Busy), (400, UnexpectedResponse), (418, UnexpectedResponse)],
)  # fmt: skip
def test_each_status_calls_for_something_of_its_own(status: int, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="words"):
        raise_for_status(status, {}, "words")


@pytest.mark.parametrize("status", [200, 201, 204, 207])
def test_a_good_answer_calls_for_nothing(status: int) -> None:
    raise_for_status(status, {}, "words")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "17"}, 17), ({"retry-after": "1.5"}, 1.5), ({"x-ratelimit-reset": "2"}, 2), ({}, None), ({"retry-after": "-3"}, None),
        ({"retry-after": "soon"}, None), ({"retry-after": "9999999"}, errors.MAX_WAIT),
    ],
)  # fmt: skip
def test_the_source_says_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert requested_wait(headers) == seconds


def test_the_wait_may_be_a_date() -> None:
    later = datetime.now(UTC) + timedelta(minutes=5)
    found = requested_wait({"retry-after": format_datetime(later, usegmt=True)})
    assert found is not None
    assert 290 < found <= 300


def test_waits_grow_and_never_march_in_step() -> None:
    assert 1.5 <= back_off(1) <= 2.5
    assert 48 <= back_off(6) <= 80
    assert back_off(50) <= 1125
    assert len({back_off(3) for _ in range(20)}) > 15


def test_what_is_shown_is_short_and_holds_no_secret() -> None:
    assert clean_message("token abcdefgh is\n  no   good", ("abcdefgh",)) == "token … is no good"
    assert len(clean_message("x" * 1000)) == errors.MAX_MESSAGE + 1
