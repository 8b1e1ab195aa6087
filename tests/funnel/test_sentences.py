"""The sentence of the funnel is true of nothing, of one lead, of leads that are all alike, and where half is missing."""

from datetime import date
from decimal import Decimal

import pytest

from core.periods import Period, year_period
from facts.engine import open_facts
from funnel.definitions import in_force
from funnel.measures import FunnelReport, Step, build_report
from funnel.patterns import COHORT, EVENT, Question, Spread
from funnel.sentences import funnel_headline, routing_headline, slas_headline, verdicts_headline
from funnel.stages.drafts import Stage
from team.models import User
from tests.funnel.conftest import Run, lead

NAMES = {"inquiry": "Inquiry", "mql": "MQL", "sql": "SQL"}


def step(key: str, lost: int) -> Step:
    return Step(Stage(key, NAMES[key], 0), 0, 10, Decimal(), 0, 0, 0, {"lost": lost} if lost else {}, {}, None)


def told(*, leads: int, won: int, came: int = 0, basis: str = COHORT, days: Spread | None = None, **lost: int) -> str:
    found = FunnelReport(
        tuple(step(key, n) for key, n in lost.items()), leads, won, came if basis == EVENT else leads, days, (), (), None,
        "EUR", basis=basis,
    )  # fmt: skip
    return funnel_headline(found).replace("\u202f", " ").replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        # nothing
        ({"leads": 0, "won": 0}, "No lead came in this period."),
        ({"leads": 0, "won": 0, "basis": EVENT}, "No lead entered a stage in this period."),
        # one row
        ({"leads": 1, "won": 0}, "The one lead is not a customer yet."),
        ({"leads": 1, "won": 1, "days": Spread(1, 50, 50, 50)}, "The one lead became a customer, after 50 days."),
        ({"leads": 1, "won": 0, "inquiry": 1}, "The one lead is not a customer yet. 1 left, after Inquiry."),
        # all the same
        ({"leads": 4, "won": 4, "days": Spread(4, 9, 9, 9)}, "All 4 leads became customers, half of them within 9 days."),
        ({"leads": 4, "won": 0}, "None of 4 leads is a customer yet."),
        ({"leads": 4, "won": 0, "mql": 4}, "None of 4 leads is a customer yet. 4 left, all after MQL."),
        # missing half
        ({"leads": 10, "won": 4}, "40% of 10 leads became customers."),
        ({"leads": 10, "won": 4, "days": Spread(1, 5, 5, 5)}, "40% of 10 leads became customers."),
        (
            {"leads": 10, "won": 4, "days": Spread(2, 5, 7, 9)},
            "40% of 10 leads became customers, half of the 2 whose days are known within 7 days.",
        ),
        # who left
        ({"leads": 9, "won": 1, "inquiry": 2, "mql": 2}, "11% of 9 leads became customers."),
        (
            {"leads": 9, "won": 1, "inquiry": 3, "mql": 2},
            "11% of 9 leads became customers. Most of those who left did so after Inquiry: 3 of 5.",
        ),
        (
            {"leads": 9, "won": 1, "inquiry": 3, "mql": 2, "sql": 2},
            "11% of 9 leads became customers. More left after Inquiry than after any other stage: 3 of 7.",
        ),
        # by event the won are not a share of those who came
        (
            {"leads": 3, "won": 2, "came": 1, "basis": EVENT, "days": Spread(2, 20, 30, 40)},
            "2 leads became customers, half of them within 30 days; 1 new lead came in.",
        ),
        ({"leads": 3, "won": 1, "came": 0, "basis": EVENT}, "1 lead became a customer; no new leads came in."),
        ({"leads": 3, "won": 0, "came": 2, "basis": EVENT}, "No lead became a customer; 2 new leads came in."),
    ],
)  # fmt: skip
def test_the_sentence_is_true(given: dict[str, object], said: str) -> None:
    assert told(**given) == said  # type: ignore[arg-type]


def test_without_any_deal_on_record_no_one_is_said_not_to_be_won(run: Run) -> None:
    lead("2025-01-05", is_converted=True, converted_on=date(2025, 2, 1))
    lead("2025-01-06")
    run()
    found = build_report(open_facts(), in_force(), Question(year_period(2025)))
    assert (
        funnel_headline(found)
        == "2 leads came in; 1 of them reached SQL. No deal is imported yet, so no customer is known."
    )
    assert found.conversion is None
    assert {step.stage.key: step.rate for step in found.steps if step.entered} == {"inquiry": 0.5, "sql": None}
    by_event = build_report(open_facts(), in_force(), Question(year_period(2024), EVENT))
    assert funnel_headline(by_event) == "No lead entered a stage in this period."


def test_by_event_there_is_no_share_of_leads(run: Run, cmo: User, as_user: object) -> None:
    for number in (1, 2):
        lead("2024-01-01", history={"Won": f"2025-02-0{number}T10:00:00"})
    lead("2025-02-10")
    run()
    found = build_report(open_facts(), in_force(), Question(year_period(2025), EVENT))
    assert (found.won, found.won_of, found.conversion) == (2, 1, None)
    assert build_report(open_facts(), in_force(), Question(Period())).conversion == pytest.approx(2 / 3)
    page = as_user(cmo).get("/funnel/", {"from": "2025-01-01", "to": "2025-12-31", "basis": EVENT, "by": "lead_source"})  # type: ignore[operator]
    text = page.content.decode()
    assert "2 leads became customers" in text
    assert "1 new lead came in" in text
    assert "200" not in text.split("<main")[1].split("<figure")[0]
    assert "Overall conversion" not in text
    assert text.count("Conversion") == text.count('data-label="Conversion"') + 1  # from stage to stage alone


def test_records_without_moves_are_not_called_none(company: object, cmo: User, as_user: object) -> None:
    lead("2025-02-10")
    text = as_user(cmo).get("/funnel/").content.decode()  # type: ignore[operator]
    assert "The stages are being computed" in text
    assert "Import records" not in text


@pytest.mark.parametrize(
    ("given", "unassigned", "said"),
    [
        ([], 0, "No lead was handed over this week yet."),
        ([], 1, "No lead was handed over this week yet; 1 waits for an owner."),
        ([("Ada", 1)], 0, "1 lead went to Ada this week."),
        ([("Ada", 1), ("Ben", 1)], 0, "2 leads went to 2 people this week, as many to each."),
        (
            [("Ada", 2), ("Ben", 2), ("Cy", 1)],
            2,
            "5 leads went to 3 people this week; 2 wait for an owner.",
        ),
        ([("Ada", 3), ("Ben", 1)], 0, "4 leads went to 2 people this week, most of them (3) to Ada."),
        (
            [("Ada", 3), ("Ben", 2), ("Cy", 2)],
            0,
            "7 leads went to 3 people this week, more than anyone else (3) to Ada.",
        ),
    ],
)
def test_who_got_leads(given: list[tuple[str, int]], unassigned: int, said: str) -> None:
    assert routing_headline(given, unassigned) == said


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ((0, 0, 0, 0), "Nothing is owed this month yet."),
        ((0, 30, 0, 0), "Marketing has handed over 0 of 30 leads it owes this month."),
        ((0, 0, 1, 1), "Sales answered the one lead that was due."),
        ((0, 0, 1, 0), "Sales did not answer the one lead that was due."),
        ((0, 0, 4, 4), "Sales answered all 4 in time."),
        ((0, 0, 4, 0), "Sales answered none of 4 in time."),
        (
            (5, 30, 4, 2),
            "Marketing has handed over 5 of 30 leads it owes this month; Sales answered 50% of 4 in time.",
        ),
    ],
)
def test_how_both_halves_stand(figures: tuple[int, int, int, int], said: str) -> None:
    assert slas_headline(*figures).replace("\u202f", " ").replace("\u00a0", " ") == said


@pytest.mark.parametrize(
    ("n", "accepted", "criteria", "said"),
    [
        (0, 0, [], "Sales has given no verdicts in this period yet."),
        (1, 1, [], "Sales accepted the only lead that it judged."),
        (
            1,
            0,
            [("Budget", 1)],
            "Sales did not accept the only lead that it judged; what fails most often: Budget (1).",
        ),
        (4, 4, [], "Sales accepted all 4 leads."),
        (4, 0, [("Budget", 2), ("Need", 2)], "Sales accepted none of 4 leads."),
        (4, 1, [("Need", 1), ("Budget", 2)], "Sales accepted 25% of 4 leads; what fails most often: Budget (2)."),
    ],
)
def test_what_sales_says(n: int, accepted: int, criteria: list[tuple[str, int]], said: str) -> None:
    assert verdicts_headline(n, accepted, criteria).replace("\u202f", " ").replace("\u00a0", " ") == said
