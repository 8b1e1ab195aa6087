"""Pages of signed-in people are not kept by caches."""

from typing import Any

from django.test import Client

from team.models import User


def test_a_signed_in_page_is_not_stored(as_user: Any, cmo: User) -> None:
    page = as_user(cmo).get("/accounts/email/")
    assert "no-store" in page.headers["Cache-Control"]
    assert "camera=()" in page.headers["Permissions-Policy"]


def test_the_health_check_may_be_kept(client: Client) -> None:
    assert "no-store" not in client.get("/healthz").headers.get("Cache-Control", "")
