"""The pages of the funnel: the numbers in the first HTML, every part leading to its leads."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agreements.models import Version
from core.periods import Period, year_period
from facts.engine import open_facts
from funnel.definitions import in_force
from funnel.lead_table import LeadTable
from funnel.measures import build_report
from funnel.patterns import EVENT, Question
from team.models import Company, User
from tests import make
from tests.funnel.conftest import Run, deal, lead
from tests.funnel.test_definitions import MQL

ALL = {"period": "all"}


@pytest.fixture
def market(run: Run) -> None:
    """Ten leads: eight qualified, six with a deal, two won, three lost, one skipped the qualification and was won."""
    owner = make.owner()
    for number in range(10):
        history = {"MQL": f"2025-02-{number + 1:02}T10:00:00"} if number < 8 else {}
        found = lead("2025-01-20", history=history, lead_source="web" if number % 2 else "fair", owner=owner)
        if number < 2:
            deal(found, "2025-03-01", "won", "2025-04-10", amount=1000)
        elif number < 5:
            deal(found, "2025-03-01", "lost", "2025-04-20", amount=500)
        elif number == 5:
            deal(found, "2025-03-01", amount=300)
        elif number == 9:
            deal(found, "2025-03-01", "won", "2026-01-05", amount=2000)
    run()


def steps(**question: Any) -> dict[str, Any]:
    shown = build_report(open_facts(), in_force(), Question(**{"period": Period(), **question}))
    return {step.stage.key: step for step in shown.steps}


def test_lost_deals_stay_in_the_denominator(market: None) -> None:
    found = steps()
    assert (found["sql"].entered, found["sql"].went_on, found["sql"].left) == (7, 3, {"lost": 3})
    assert found["sql"].rate == pytest.approx(3 / 7)


def test_a_stage_that_was_skipped_is_seen(market: None) -> None:
    found = steps()
    assert (found["mql"].entered, found["mql"].skipped, found["sal"].skipped) == (8, 1, 7)
    assert found["inquiry"].flows == {"mql": 8, "sql": 1}


def test_by_event_each_stage_counts_in_its_own_period(market: None) -> None:
    found = steps(period=year_period(2026), basis=EVENT)
    assert (found["inquiry"].entered, found["won"].entered) == (0, 1)
    assert steps(period=year_period(2026))["won"].entered == 0


def test_a_lead_that_comes_again_counts_once(run: Run) -> None:
    found = lead("2025-01-01", history={"MQL": "2025-01-02T10:00:00", "Recycled": "2025-02-01T10:00:00"})
    make.record(type(found.stage_changes.get(stage="MQL")), lead=found, track="lifecycle", stage="MQL",
                entered_at=timezone.now() - timedelta(days=30))  # fmt: skip
    run()
    assert found.moves.filter(stage="mql").count() == 2
    assert steps()["mql"].entered == 1


def test_the_parts_of_a_cut_make_the_whole(market: None) -> None:
    whole = steps()
    for key in whole:
        parts = [steps(where={"lead_source": source})[key].entered for source in ("web", "fair")]
        assert sum(parts) == whole[key].entered


def test_every_count_is_the_number_of_its_leads(market: None) -> None:
    reading = LeadTable(open_facts(), in_force(), Question(Period()))
    for key, step in steps().items():
        for part, n in [("entered", step.entered), ("went-on", step.went_on), ("skipped", step.skipped), ("here", step.here),
                        ("left", step.lost), *((f"to-{to}", n) for to, n in step.flows.items()), *step.left.items()]:  # fmt: skip
            assert len(reading.ids(key, part)) == n, (key, part)


def test_the_page_says_its_numbers_without_a_script(market: None, cmo: User, as_user: Any) -> None:
    page = as_user(cmo).get("/funnel/", ALL).content.decode()
    assert "30% of 10 leads became customers" in page
    assert "13 of 13 stages are not signed" in page
    assert "stage=sql&amp;part=lost" in page
    assert "style=" not in page.split("<main")[1]


def test_the_table_comes_as_csv(market: None, cmo: User, as_user: Any) -> None:
    response = as_user(cmo).get("/funnel/", {**ALL, "format": "csv"})
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert {row["Stage"]: int(row["Entered"]) for row in rows}["SQL"] == 7


def test_the_leads_behind_a_part_are_those_one_may_see(market: None, rep: User, as_user: Any) -> None:
    company = Company.get()
    page = as_user(rep).get("/funnel/leads/", {**ALL, "stage": "sql", "part": "lost"}).content.decode()
    assert page.count("<tr>") == 4
    company.visibility = Company.Visibility.RESTRICTED
    company.save()
    page = as_user(rep).get("/funnel/leads/", {**ALL, "stage": "sql", "part": "lost"}).content.decode()
    assert "you do not have permission to see" not in page  # three others are too few to be told of
    assert page.count("<tr>") == 0
    assert as_user(rep).get("/funnel/leads/", {**ALL, "stage": "sql", "part": "nonsense"}).status_code == 404


def test_more_leads_ask_no_more_questions(market: None, cmo: User, as_user: Any, run: Run) -> None:
    client, asked = as_user(cmo), {**ALL, "stage": "inquiry", "part": "entered"}
    client.get("/funnel/leads/", asked)
    with CaptureQueriesContext(connection) as few:
        client.get("/funnel/leads/", asked)
    for _ in range(10):
        lead("2025-01-21")
    run()
    client.get("/funnel/leads/", asked)
    with CaptureQueriesContext(connection) as many:
        client.get("/funnel/leads/", asked)
    assert len(many) <= len(few)


def test_an_empty_funnel_says_what_to_do(cmo: User, as_user: Any) -> None:
    assert "No leads in the funnel yet" in as_user(cmo).get("/funnel/").content.decode()


def test_a_stage_is_proposed_from_its_page(market: None, cmo: User, cro: User, cfo: User, as_user: Any) -> None:
    client = as_user(cmo)
    assert "Propose it for signature" in client.get("/funnel/stages/").content.decode()
    rows = {
        "criteria-groups": "1", "criteria-g0-rows": "1", "criteria-g0-join": "all", "criteria-g0-r0-what": "lead_source",
        "criteria-g0-r0-compare": "is", "criteria-g0-r0-value": "web",
    }  # fmt: skip
    terms = {name: value for name, value in MQL.terms.items() if name != "criteria"}
    counted = client.post("/funnel/stages/criteria/", {**rows, **terms, "criteria-do": "count"}).content.decode()
    assert "5 of 10 leads meet this today." in counted
    assert (
        client.post(
            "/funnel/stages/mql/", {**rows, **terms, "text": "From the web", "criteria-do": "count"}
        ).status_code
        == 422
    )
    assert not Version.objects.exists()
    sent = client.post("/funnel/stages/mql/", {**rows, **terms, "text": "From the web"})
    version = Version.objects.get()
    assert sent["Location"] == f"/agreements/{version.agreement_id}/"
    assert version.state == "proposed"
    assert version.unsigned == ["sales"]
    assert in_force().get("mql") == MQL


def test_a_rep_reads_the_stages_and_proposes_none(rep: User, as_user: Any) -> None:
    client = as_user(rep)
    assert client.get("/funnel/stages/").status_code == 200
    assert client.get("/funnel/stages/mql/").status_code == 403
