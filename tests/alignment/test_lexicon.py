"""The lexicon: terms are proposed, signed, searched and underlined; wordings of both sides are compared."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agreements import actions
from agreements.models import Version
from alignment.lexicon.queries import underline_for
from team.models import User

FORM = {
    "title": "Metric",
    "text": "A number with a unit and an owner. It has a formula on screen.",
    "acronym": "KPI",
    "owner_side": "marketing",
    "avoid": "figure, number",
}
NEW = "/agreements/new/?kind=term"


def sign_term(cmo: User, cro: User, title: str, text: str, **terms: Any) -> Version:
    draft = actions.draft_version(by=cmo, kind="term", key=title.lower(), title=title, text=text, terms=terms)
    return actions.sign_version(by=cro, version=actions.propose_version(by=cmo, version=draft))


def test_a_term_is_proposed_signed_and_seen_underlined(as_user: Any, cmo: User, cro: User) -> None:
    as_user(cmo).post(NEW, FORM)
    version = Version.objects.get()
    assert version.terms == {"acronym": "KPI", "owner_side": "marketing", "avoid": ["figure", "number"]}
    assert "<dfn" not in as_user(cro).get("/metrics/").content.decode()  # a proposal binds no one
    as_user(cro).post(f"/agreements/versions/{version.pk}/sign/")
    page = as_user(cro).get("/metrics/").content.decode()
    link = f'<a class="term" href="/lexicon/#term-{version.agreement_id}">'
    assert f'<h1>{link}<dfn title="A number with a unit and an owner.">Metrics</dfn></a></h1>' in page
    assert f'id="term-{version.agreement_id}"' in as_user(cro).get("/lexicon/").content.decode()


def test_a_term_whose_version_expired_is_underlined_no_more(as_user: Any, cmo: User, cro: User) -> None:
    version = sign_term(cmo, cro, "Metric", "A number.")
    Version.objects.filter(pk=version.pk).update(ended_at=version.in_force_at, end="expired")
    assert "<dfn" not in as_user(cro).get("/metrics/").content.decode()


def test_the_terms_are_checked_by_form_and_api(as_user: Any, cmo: User) -> None:
    answer = as_user(cmo).post(NEW, {**FORM, "avoid": ",".join(map(str, range(30)))})
    assert "30 entries are too many. Enter at most 20." in answer.content.decode()
    body = {"kind": "term", "key": "lead", "title": "Lead", "text": "A person.", "is_draft": True}
    for terms, fault in (({"avoid": [1]}, "Give a list of texts."), ({"acronym": "x" * 30}, "at most 20")):
        answer = as_user(cmo).post("/api/v1/versions/", {**body, "terms": terms}, content_type="application/json")
        assert answer.status_code == 400
        assert fault in str(answer.json())
    answer = as_user(cmo).post(
        "/api/v1/versions/", {**body, "terms": {"avoid": ["contact"]}}, content_type="application/json"
    )
    assert answer.json()["in_words"] == ["Do not use instead: contact"]


@pytest.mark.parametrize(("text", "is_listed"), [("mql", True), ("HOT", True), ("score", True), ("budget", False)])
def test_terms_are_searched_by_name_acronym_definition_and_synonym(
    as_user: Any, cmo: User, cro: User, text: str, is_listed: bool
) -> None:
    sign_term(cmo, cro, "Marketing qualified lead", "Its score is high.", acronym="MQL", avoid=["hot lead"])
    page = as_user(cro).get("/lexicon/", {"q": text}).content.decode()
    assert ("Marketing qualified lead" in page) is is_listed
    answer = as_user(cro).get("/api/v1/lexicon/", {"search": text}).json()
    assert [term["acronym"] for term in answer] == (["MQL"] if is_listed else [])


def test_the_lexicon_asks_as_often_for_twenty_terms_as_for_two(as_user: Any, cmo: User, cro: User) -> None:
    def count_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            as_user(cro).get("/lexicon/")
        return len(queries)

    for number in range(2):
        sign_term(cmo, cro, f"Term {number}", "What it means.")
    count_queries()  # what is remembered between requests
    few = count_queries()
    for number in range(2, 20):
        sign_term(cmo, cro, f"Term {number}", "What it means.")
    assert count_queries() == few


def propose_message(by: User, text: str) -> Version:
    draft = actions.draft_version(by=by, kind="message", key="promise", title="Our promise", text=text)
    return actions.propose_version(by=by, version=draft)


def test_both_sides_wordings_stand_side_by_side(as_user: Any, cmo: User, cro: User) -> None:
    propose_message(cmo, "We cut your costs by a third.")
    page = as_user(cro).get("/lexicon/messages/").content.decode()
    assert "Sales has not proposed or signed a wording" in page
    version = propose_message(cro, "We cut your costs by half.")
    page = as_user(cmo).get("/lexicon/messages/").content.decode()
    assert "<mark>a third.</mark>" in page
    assert "<mark>half.</mark>" in page
    actions.sign_version(by=cmo, version=version)
    assert "Both sides use this wording." in as_user(cmo).get("/lexicon/messages/").content.decode()


def test_a_draft_of_the_other_side_is_not_shown(as_user: Any, cmo: User, cro: User) -> None:
    propose_message(cmo, "We cut your costs.")
    actions.draft_version(by=cro, kind="message", key="promise", text="We cut your secret costs.")
    assert "secret" not in as_user(cmo).get("/lexicon/messages/").content.decode()
    assert "secret" in as_user(cro).get("/lexicon/messages/").content.decode()


def test_there_is_no_other_part(as_user: Any, cmo: User) -> None:
    assert as_user(cmo).get("/lexicon/scores/").status_code == 404


def test_terms_are_underlined_in_parts_that_are_loaded_later(as_user: Any, cmo: User, cro: User) -> None:
    address, part = "/metrics/close_rate/", {"HX-Request": "true"}
    client = as_user(cmo)
    before = client.get(address, headers=part).content.decode()
    assert "<html" not in before
    heading = re.search(r"<(?:h2|h3|th|dt)\b[^>]*>([A-Z][a-z]+)\b", before)
    assert heading
    sign_term(cmo, cro, heading[1], "What it means here.")
    with CaptureQueriesContext(connection) as queries:
        page = client.get(address, headers=part).content.decode()
    assert f'<dfn title="What it means here.">{heading[1]}</dfn>' in page
    assert sum("'term'" in query["sql"] for query in queries.captured_queries) == 1


def test_parts_without_headings_and_pages_of_visitors_cost_no_query(
    cmo: User, cro: User, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    sign_term(cmo, cro, "Lead", "A person.")
    with django_assert_num_queries(0):
        assert underline_for(cmo, "<p>Lead</p>") == "<p>Lead</p>"
        assert underline_for(AnonymousUser(), "<h2>Lead</h2>") == "<h2>Lead</h2>"
    with django_assert_max_num_queries(2):  # the company's day, and the terms in force on it
        assert "<dfn" in underline_for(cmo, "<h2>Lead</h2>")
