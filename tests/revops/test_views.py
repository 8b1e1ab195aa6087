"""Sign-in leads each role to its own first page."""

from typing import Any

import pytest
from django.urls import reverse

from revops.views import FIRST_PAGES
from team.models import Company, Role
from tests import make

pytestmark = pytest.mark.django_db


def test_a_stranger_is_asked_to_sign_in_first(client: Any) -> None:
    answer = client.get("/home/")
    assert answer.status_code == 302
    assert answer.url == f"{reverse('account_login')}?next=/home/"


def test_every_role_has_a_first_page() -> None:
    assert set(FIRST_PAGES) == set(Role.values)


@pytest.mark.parametrize("role", Role.values)
def test_each_role_is_led_to_a_page_that_opens_for_it(company: Company, as_user: Any, role: str) -> None:
    page = as_user(make.user(role)).get("/home/", follow=True)
    assert page.status_code == 200
    first = {Role.OPS: "/imports/", Role.REP: "/inbox/", Role.CEO: "/overview/", Role.CFO: "/overview/"}
    assert page.redirect_chain[0][0].startswith(first.get(Role(role), "/dashboard/"))
