"""The side navigation: one declaration makes a page appear there, for those who may open it and no one else."""

import pytest
from django.test import Client
from django.urls import reverse

from team import navigation
from team.access import RIGHTS
from team.models import Role, User
from team.navigation import GROUPS, Page, navigation_links, register_page, registered_pages
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def toy_page(monkeypatch: pytest.MonkeyPatch) -> Page:
    page = Page("Toys", "me", icon="puzzle-piece", group="Data", position=15, right="import")
    monkeypatch.setattr(navigation, "_pages", {**navigation._pages})
    register_page(page)
    return page


def labels(user: User, path: str = "/") -> list[str]:
    return [link.label for group in navigation_links(user, path) for link in group.links]


def test_a_declared_page_stands_in_its_group_at_its_position(ops: User, toy_page: Page) -> None:
    data = next(group for group in navigation_links(ops, "/") if group.label == "Data")
    assert [link.label for link in data.links] == ["Imports", "Toys", "Connectors", "Nightly runs", "Restated figures"]


def test_a_page_is_shown_to_those_who_have_its_right_only(rep: User, ops: User, toy_page: Page) -> None:
    assert "Toys" in labels(ops)
    assert "Toys" not in labels(rep)
    assert "Dashboard" in labels(rep)


def test_a_declared_page_is_on_every_page_of_the_product(ops: User, as_user: object, toy_page: Page) -> None:
    client: Client = as_user(ops)  # type: ignore[operator]
    html = client.get(reverse("imports")).content.decode()
    assert html.count("Toys") == 2, "beside the page, and in the menu of a phone"


def test_the_page_that_is_open_is_marked(ops: User) -> None:
    current = [
        link.label
        for group in navigation_links(ops, "/imports/saved-mappings/")
        for link in group.links
        if link.is_current
    ]
    assert current == ["Imports"]


def test_every_declared_page_has_an_address_and_a_declared_right() -> None:
    for page in registered_pages():
        assert reverse(page.url_name).startswith("/")
        assert not page.right or page.right in RIGHTS, page


@pytest.mark.parametrize("role", Role.values)
def test_every_page_of_the_navigation_opens_for_each_role(role: str, as_user: object) -> None:
    client: Client = as_user(make.user(role))  # type: ignore[operator]
    user = User.objects.get(role=role)
    links = [link for group in navigation_links(user, "/") for link in group.links]
    assert links
    assert {link.label: client.get(link.url).status_code for link in links} == {link.label: 200 for link in links}


def test_a_page_is_declared_once_and_in_a_known_group(toy_page: Page) -> None:
    with pytest.raises(ValueError, match="Two pages"):
        register_page(toy_page)
    with pytest.raises(ValueError, match=GROUPS[0]):
        register_page(Page("More", "more", icon="x", group="Elsewhere"))
