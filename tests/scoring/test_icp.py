"""The ideal customer profile: signed by both, the same distance in bulk and for one, for leads and accounts."""

from typing import Any

import pytest

from agreements.actions import draft_version, propose_version, sign_version
from agreements.api import checked_terms
from crm.models import Vertical
from facts.engine import open_facts
from facts.refresh import refresh
from scoring.icp import rules
from scoring.icp.evaluate_one import IcpResult, evaluate_buyer
from scoring.icp.forms import IcpTerms, Line
from scoring.icp.places import update_places
from scoring.models import Score, ScoringRun
from scoring.score_now import score_lead
from tests import make
from tests.scoring.conftest import Run, terms

LARGE = {"rule": {"field": "employees", "is": ">=", "value": 50}, "weight": 3.0}
GERMAN = {
    "rule": {
        "any": [
            {"field": "country", "is": "is", "value": "Germany"},
            {"field": "country", "is": "is", "value": "Austria"},
        ]
    },
    "weight": 1.0,
}
RETAIL = {"rule": {"field": "vertical.name", "is": "is", "value": "Retail"}, "weight": 4.0}
CHIEF = {"rule": {"field": "title", "is": "contains", "value": "chief"}, "weight": 2.0}
TERMS: dict[str, Any] = {
    "inside": 0.2, "near": 0.5,
    "traits": {"Chief": CHIEF, "German-speaking": GERMAN, "Large enough": LARGE, "Retail": RETAIL},
}  # fmt: skip
BY_FIT = {
    "Ideal": {"rule": {"field": "icp", "is": "is", "value": "inside"}, "points": 30},
    "Not far": {"rule": {"field": "icp_distance", "is": "<=", "value": 0.5}, "points": 10},
}


@pytest.fixture
def profile(cmo: Any, cro: Any) -> Any:
    def go(given: dict[str, Any]) -> Any:
        version = draft_version(
            by=cmo, kind="icp", key="icp", title="Ideal customer", text="Whom we want.", terms=given
        )
        propose_version(by=cmo, version=version)
        assert rules.find_faults(given) == []
        return sign_version(by=cro, version=version)

    return go


def test_in_bulk_and_for_one_it_is_the_same_and_reasons_are_named(run: Run, signed: Any, profile: Any) -> None:
    profile(TERMS)
    signed(terms(fit=BY_FIT))
    retail = make.record(Vertical, name="Retail")
    company = make.account(employees=60, country="Austria", vertical=retail)
    leads = [
        make.lead(account=company, title="Chief buyer", employees=1, country="France"),  # the account is believed
        make.lead(account=company, title="Clerk"),
        make.lead(employees=60, country="Germany"),
        make.lead(),
    ]
    run()
    in_bulk = {row.lead_id: row.fit_points for row in Score.objects.all()}
    assert [in_bulk[lead.pk] for lead in leads] == [40, 40, 0, 0]
    Score.objects.all().delete()
    assert [score_lead(lead)[0].fit_points for lead in leads] == [40, 40, 0, 0]
    found = [evaluate_buyer(buyer) for buyer in (*leads, company)]
    assert [(one.category, one.distance) for one in found if one] == [
        ("inside", 0.0), ("inside", 0.2), ("outside", 0.6), ("outside", 1.0), ("inside", 0.0),
    ]  # fmt: skip
    assert found[2] == IcpResult("outside", 0.6, ("German-speaking", "Large enough"), ("Chief", "Retail"))


def test_another_profile_scores_everyone_again(run: Run, signed: Any, profile: Any) -> None:
    signed(terms(fit=BY_FIT))
    lead = make.lead(employees=60)
    run()
    assert Score.objects.get().fit_points == 0, "no one is ideal before a profile is signed"
    assert evaluate_buyer(lead) is None
    profile({**TERMS, "traits": {"Large enough": LARGE}})
    assert run() == 1
    assert (Score.objects.get().fit_points, ScoringRun.objects.first().since) == (40, "")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ([], "The terms are an object"),
        (TERMS | {"colour": 1}, "“colour” is not part"),
        (TERMS | {"near": 0.1}, "near is no less than inside"),
        (TERMS | {"traits": {}}, "at least one trait"),
        (TERMS | {"traits": {"A": LARGE | {"weight": 0}}}, "“A”: the weight must be more than 0"),
        (
            TERMS | {"traits": {"A": {"rule": {"field": "shoe", "is": "filled"}, "weight": 1}}},
            "The field “shoe” does not exist",
        ),
        (TERMS | {"traits": {"A": {"rule": {"all": []}, "weight": 1}}}, "“A”: say what is asked"),
    ],
)
def test_what_is_wrong_says_what_to_change(wrong: Any, words: str) -> None:
    assert any(words in said for said in rules.find_faults(wrong)), rules.find_faults(wrong)


def test_the_form_reads_rows_and_keeps_what_rows_cannot_show() -> None:
    assert checked_terms("icp", TERMS) == TERMS
    shown = IcpTerms(initial=TERMS).as_p()
    assert shown.count('value="Large enough"') == 1
    posted: dict[str, Any] = {"inside": "0.2", "near": "0.5", "traits-rows": "4"}
    for place, (name, weight, what, compare, value) in enumerate(
        [
            ("Chief", "2", "title", "contains", "chief"),
            ("Large enough", "3", "employees", ">=", "50"),
            ("", "", "", "", ""),
        ]
    ):
        posted |= {f"traits-{place}-name": name, f"traits-{place}-weight": weight, f"traits-{place}-what": what,
                   f"traits-{place}-compare": compare, f"traits-{place}-value": value}  # fmt: skip
    posted |= {
        "traits-3-name": "German-speaking",
        "traits-3-weight": "1",
        "traits-3-kept": Line.of("", GERMAN).kept,
    }
    form = IcpTerms(posted)
    assert form.is_valid(), form.errors
    assert form.terms()["traits"] == {"Chief": CHIEF, "Large enough": LARGE, "German-speaking": GERMAN}
    wrong = IcpTerms({**posted, "traits-0-weight": "much"})
    assert not wrong.is_valid()
    assert "“Chief”: the weight must be more than 0, at most 1,000." in wrong.non_field_errors()


def test_in_words_each_trait_says_its_share() -> None:
    assert rules.terms_in_words(TERMS)[:2] == [
        "Inside up to a distance of 0.2, near up to 0.5, outside beyond it",
        "Chief: title contains “chief” (20% of the distance)",
    ]


def test_places_are_written_for_leads_and_accounts_and_again_only_after_a_change(run: Run, profile: Any) -> None:
    def places() -> dict[Any, str]:
        facts = open_facts()
        rows = facts.execute(facts.table("icp_places")).itertuples()
        return {row.lead_id if row.lead_id == row.lead_id else -row.account_id: row.place for row in rows}

    retail = make.record(Vertical, name="Retail")
    company = make.account(employees=60, country="Austria", vertical=retail)
    lead = make.lead(account=company, title="Chief buyer")
    refresh()
    assert update_places(lambda *_: None) == 0  # nothing is signed
    profile(TERMS)
    assert update_places(lambda *_: None) == 2
    assert places() == {lead.pk: evaluate_buyer(lead).category, -company.pk: evaluate_buyer(company).category}  # type: ignore[union-attr]
    assert update_places(lambda *_: None) == 0
