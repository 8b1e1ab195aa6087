"""The pages of scores: what is shown to whom, what is kept and what is not."""

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from agreements.actions import draft_version
from agreements.models import Agreement, Version
from crm.models import Touch
from facts.refresh import refresh
from scoring.defaults import TERMS
from scoring.model_editor import Editing
from team.models import Company, Role, User
from tests import make
from tests.scoring.conftest import kind, rule, terms

GERMAN = {"German": {"rule": {"field": "country", "is": "is", "value": "Germany"}, "points": 10}}
MODEL = terms(fit=GERMAN, engagement={"Webinar": rule(20, where=kind("webinar"), half_life=30)})
PAGE = "/scores/leads/"


@pytest.fixture
def model(signed: Any) -> Version:
    return signed(MODEL)


@pytest.fixture
def history(company: Any) -> None:
    now = datetime.now(UTC)
    for country in ("Germany", "Germany", "France"):
        lead = make.lead(created_at=now - timedelta(days=300), country=country, name=f"Lead of {country}")
        make.record(Touch, lead=lead, kind="webinar", happened_at=now - timedelta(days=10))
    refresh()


def posted(page: Any, **changes: str) -> dict[str, str]:
    """Return what the browser would send of the form on a page, with some of it changed."""
    text = page.content.decode()
    form = text[text.index('id="score-form"') : text.index("</form>", text.index('id="score-form"'))]
    data = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r' name="([^"]*)"', tag), re.search(r' value="([^"]*)"', tag)
        if name:
            data[name[1]] = value[1] if value else ""
    for name, inner in re.findall(r'<select[^>]* name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', inner) or re.search(r'<option value="([^"]*)"', inner)
        data[name] = chosen[1] if chosen else ""
    for name, inner in re.findall(r'<textarea[^>]* name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.S):
        data[name] = inner.strip()
    return {name: html.unescape(value) for name, value in data.items()} | changes


def test_the_empty_list_offers_a_model_to_those_who_may_propose_it(
    as_user: Any, cmo: User, cro: User, ceo: User
) -> None:
    assert b"Propose to both sides" not in as_user(ceo).get("/scores/").content
    assert as_user(ceo).post("/scores/propose/").status_code == 403
    assert b"Propose to both sides" in as_user(cmo).get("/scores/").content
    as_user(cmo).post("/scores/propose/", {"door": "mql"})
    version = Version.objects.get()
    assert (version.state, version.unsigned) == ("proposed", ["sales"])
    page = as_user(cmo).get("/scores/").content.decode()
    assert "Score of leads" in page
    assert "Suggested: Score of product use" in page
    for _ in range(2):
        as_user(cmo).post("/scores/propose/", {"door": "pql"})
    assert [found.terms["door"] for found in Version.objects.order_by("pk")] == ["mql", "pql"]
    assert b"Propose to both sides" not in as_user(cmo).get("/scores/").content


def test_the_list_needs_as_many_queries_for_ten_models_as_for_two(
    as_user: Any, ops: User, signed: Any, django_assert_num_queries: Any
) -> None:
    client, counts = as_user(ops), []
    for number in range(6):
        signed(MODEL, f"model {number}")
        if number in {1, 5}:
            from django.db import connection
            from django.test.utils import CaptureQueriesContext

            client.get("/scores/")
            with CaptureQueriesContext(connection) as asked:
                client.get("/scores/")
            counts.append(len(asked))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("given", [MODEL, TERMS])
def test_a_model_that_no_one_changed_comes_out_of_the_form_as_it_went_in(given: dict[str, Any]) -> None:
    editing = Editing.from_terms(given)
    assert editing.find_faults()
    assert editing.terms() == given


def test_the_form_posts_back_what_it_shows(as_user: Any, ops: User, model: Version, history: None) -> None:
    client = as_user(ops)
    page = client.get(PAGE)
    answer = client.post(PAGE, posted(page, reason="x", propose="1"))
    assert answer.status_code == 422
    assert "Version 1 is the same" in answer.content.decode()


def test_what_it_would_mean_stands_beside_the_version_active(
    as_user: Any, cmo: User, model: Version, history: None
) -> None:
    client = as_user(cmo)
    text = client.post(PAGE, posted(client.get(PAGE), threshold="16"), headers={"HX-Request": "true"}).content.decode()
    assert text.lstrip().startswith('<section class="consequences"')
    assert "From 16 points" in text
    assert "Would fall under it: 1" not in text
    assert re.search(r"Would fall under it: 1|Would come over it now: 0", text)
    text = client.post(PAGE, posted(client.get(PAGE), threshold="26"), headers={"HX-Request": "true"}).content.decode()
    assert "Lead of Germany" not in text.partition("Would fall under it")[0]
    assert Version.objects.count() == 1


def test_the_cmo_proposes_with_a_reason_and_the_cro_signs(
    as_user: Any, cmo: User, cro: User, model: Version, history: None
) -> None:
    client = as_user(cmo)
    page = client.get(PAGE)
    refused = client.post(PAGE, posted(page, threshold="26", propose="1"))
    assert (refused.status_code, Version.objects.count()) == (422, 1)
    assert 'value="26"' in refused.content.decode()
    assert client.post(PAGE, posted(page, threshold="26", reason="Too many", propose="1")).status_code == 302
    made = Version.objects.get(number=2)
    assert (made.state, made.terms["threshold"], made.unsigned) == ("proposed", 26, ["sales"])
    assert made.evidence["proposed"]["threshold"] == 26
    assert made.evidence["in_force"]["threshold"] == 20
    as_user(cro).post(f"/agreements/versions/{made.pk}/sign/")
    assert Agreement.objects.get().in_force() == made


def test_a_form_sent_twice_or_by_itself_proposes_once(as_user: Any, cmo: User, model: Version, history: None) -> None:
    """Who types and presses the button at once sends both: the look that was due, which names the button, and the form."""
    client = as_user(cmo)
    data = posted(client.get(PAGE), threshold="26", propose="1", reason="Fewer and better")
    assert client.post(PAGE, data, headers={"HX-Request": "true"}).status_code == 200
    assert Version.objects.count() == 1
    assert client.post(PAGE, data).status_code == 302
    assert client.post(PAGE, data).status_code == 302
    again = client.post(PAGE, {**data, "form_key": "of another page"})
    assert "Version 2 already proposes the same" in again.content.decode()
    assert Version.objects.count() == 2


def test_a_draft_is_written_on_by_its_author(as_user: Any, ops: User, model: Version, history: None) -> None:
    client = as_user(ops)
    client.post(PAGE, posted(client.get(PAGE), threshold="31", draft="1"))
    page = client.get(PAGE, {"version": "2"})
    client.post(PAGE, posted(page, threshold="32", draft="1"))
    assert [(one.number, one.state, one.terms["threshold"]) for one in Version.objects.all()] == [
        (2, "draft", 32), (1, "in_force", 20)
    ]  # fmt: skip


def test_bad_values_are_said_at_their_field_and_lose_nothing(as_user: Any, ops: User, model: Version) -> None:
    client = as_user(ops)
    data = posted(client.get(PAGE))
    bad = {"fit-0-points": "many", "did-0-half_life": "0", "threshold": "a lot", "fit-0-name": "Of Germany"}
    text = client.post(PAGE, {**data, **bad, "propose": "1", "reason": "x"}).content.decode()
    for name in ("threshold", "fit-0-points", "did-0-half_life"):
        assert f'id="{name}-fault"' in text
    for value in bad.values():
        assert f'value="{value}"' in text
    assert Version.objects.count() == 1


def test_rules_are_added_and_removed_without_keeping_anything(as_user: Any, ops: User, model: Version) -> None:
    client = as_user(ops)
    page = client.post(PAGE, posted(client.get(PAGE), do="add-did"))
    assert 'name="did-count" value="2"' in page.content.decode()
    more = {
        "did-1-name": "Called", "did-1-points": "5", "did-1-events": "activities", "did-1-rule-do": "group",
    }  # fmt: skip
    page = client.post(PAGE, posted(page, **more))
    assert 'name="did-1-rule-g0-r0-what"' in page.content.decode()
    chosen = {"did-1-rule-g0-r0-what": "kind", "did-1-rule-g0-r0-compare": "is", "did-1-rule-g0-r0-value": "call"}
    client.post(PAGE, posted(page, reason="Calls count", propose="1", **chosen))
    made = Version.objects.get(number=2)
    assert made.terms["engagement"]["Called"] == {
        "events": "activities", "points": 5, "where": {"field": "kind", "is": "is", "value": "call"}
    }  # fmt: skip
    page = client.post(PAGE, posted(client.get(PAGE), do="drop-fit-0"))
    assert 'name="fit-count" value="0"' in page.content.decode()


@pytest.mark.parametrize("role", ["ceo", "cfo"])
def test_others_read_and_try_but_keep_nothing(
    role: str, request: Any, as_user: Any, model: Version, history: None
) -> None:
    client: Client = as_user(request.getfixturevalue(role))
    page = client.get(PAGE, {"threshold": "26"})
    assert "From 26 points" in page.content.decode()
    assert "Propose to both sides" not in page.content.decode()
    assert client.post(PAGE, {"threshold": "26", "propose": "1", "reason": "x", "text": "y"}).status_code == 403
    assert client.post(f"{PAGE}back/1/").status_code == 403
    assert Version.objects.count() == 1


def test_who_has_no_right_to_see_scores_reads_no_model(as_user: Any, rep: User, model: Version) -> None:
    client = as_user(rep)
    pk = model.agreement_id
    assert [client.get(page).status_code for page in ("/scores/", PAGE, f"/agreements/{pk}/")] == [403, 403, 404]
    assert client.get("/api/v1/score-models/leads/").status_code == 403
    assert client.get(f"/api/v1/agreements/{pk}/").status_code == 404
    page = client.get("/agreements/").content.decode()
    assert model.agreement.title not in page[page.index("<main") :]


def test_a_marketer_sees_how_many_move_but_the_names_of_own_leads_alone(
    as_user: Any, company: Company, model: Version, history: None
) -> None:
    company.visibility = Company.Visibility.RESTRICTED
    company.save()
    text = as_user(make.user(Role.MARKETER)).get(PAGE, {"threshold": "26"}).content.decode()
    assert "Would fall under it: 2" in text
    assert "2 more on this page are hidden" in text
    assert "Lead of Germany" not in text


def test_rolling_back_proposes_the_earlier_terms_again(as_user: Any, ops: User, signed: Any, model: Version) -> None:
    signed({**MODEL, "threshold": 40})
    client = as_user(ops)
    client.post(f"{PAGE}back/2/")
    assert Version.objects.count() == 2
    client.post(f"{PAGE}back/1/")
    made = Version.objects.get(number=3)
    assert (made.terms, made.state, made.reason) == (MODEL, "proposed", "Back to version 1.")


def test_a_second_model_has_a_title_and_a_page_of_its_own(as_user: Any, ops: User, model: Version) -> None:
    client = as_user(ops)
    page = client.get("/scores/new/")
    client.post("/scores/new/", posted(page, title="Score of partners", threshold="50", draft="1"))
    made = Agreement.objects.get(title="Score of partners")
    assert client.get(f"/scores/{made.key}/").status_code == 200
    assert client.get("/scores/unknown/").status_code == 404


def test_a_rule_that_nests_deeper_than_rows_stays_as_it_was(as_user: Any, ops: User) -> None:
    deep = {"not": {"any": [{"field": "country", "is": "is", "value": "France"}]}}
    given = {**MODEL, "fit": {"Not French": {"rule": deep, "points": 5}}}
    draft_version(by=ops, kind="score", key="leads", title="leads", text="Points.", terms=given)
    client = as_user(ops)
    client.post(PAGE, posted(client.get(PAGE), threshold="33", draft="1"))
    assert Version.objects.get().terms == {**given, "threshold": 33}


def test_the_api_lists_models_says_their_terms_and_previews_a_threshold(
    as_user: Any, cmo: User, rep: User, model: Version, history: None
) -> None:
    client = as_user(cmo)
    (listed,) = client.get("/api/v1/score-models/").json()
    assert (listed["key"], listed["threshold"], listed["over"], listed["state"]) == ("leads", 20, 2, "in_force")
    assert set(listed["signed_by"]) == {"marketing", "sales"}
    one = client.get("/api/v1/score-models/leads/").json()
    assert one["terms"] == MODEL
    assert "Ready for Sales (MQL) from 20 points" in one["words"]
    preview = client.get("/api/v1/score-models/leads/preview/", {"threshold": "10"}).json()
    assert (preview["state"], preview["coming"], preview["going"]) == ("made", 1, 0)
    assert preview["proposed"]["over_now"] == 3
    assert client.get("/api/v1/score-models/leads/preview/", {"threshold": "many"}).status_code == 400
    assert client.get("/api/v1/score-models/unknown/").status_code == 404
    assert as_user(rep).get("/api/v1/score-models/").status_code == 403


def test_the_agreement_sends_who_changes_a_model_to_its_page(as_user: Any, ops: User, model: Version) -> None:
    client = as_user(ops)
    assert client.get(f"/agreements/{model.agreement_id}/propose/").headers["Location"] == PAGE
    assert client.get("/agreements/new/?kind=score").headers["Location"] == "/scores/new/"
