"""Fields that may contain the outcome are named, with the reason; honest fields that tell a lot are not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from crm.models import Lead
from facts.engine import open_facts
from facts.refresh import refresh
from facts.rules import Type
from scoring.fields import Column
from scoring.leakage import Suspect, find_suspects, judge_columns
from scoring.proof.outcomes import load_outcomes
from tests import make
from tests.imports.importing import imported

N = 2_000
NUMBERED = [f"A-{place}" for place in range(N)]
CHANCE = np.random.default_rng(3)
WON = CHANCE.random(N) < 0.3
Cells = Any


def column(cells: Cells, label: str = "Colour", kind: Type = "text") -> Column:
    values = pd.Series(cells, dtype="str" if kind == "text" else "float")
    return Column(f"custom.{label}", label, kind, values, {})


def drawn(won: str, others: str, share_of_won: float, share_of_others: float) -> Cells:
    """The word `won` for so many of the won and of the others, else the word `others`."""
    return np.where(CHANCE.random(N) < np.where(WON, share_of_won, share_of_others), won, others)


def one(found: list[Suspect]) -> Suspect:
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("leak", "reason"),
    [
        (column(drawn("written", "", 0.7, 0.05)), "It is filled for 69"),
        (column(drawn("Bought", "Busy", 0.6, 0.001)), "a value that hardly any other lead has: “Bought”"),
        (column(np.where(WON, "a", np.where(CHANCE.random(N) < 0.05, "a", "b"))), "On its own it separates nearly all"),
        (column(drawn("x", "y", 0.6, 0.3), "Date the deal was won"), "Its name refers to the outcome"),
        (column(drawn("x", "y", 0.7, 0.3), "Lead Quality"), "mostly filled in late in the sale"),
        (column(CHANCE.normal(WON * 4.0, 1.0), "Points", "number"), "On its own it separates nearly all"),
        (column(drawn("Referral", "", 0.2, 0.0), "LeadConSource"), "It is filled for "),
        (column(drawn("Too dear", "", 0.0, 0.3), "Wherefore"), "It is filled for 0"),
        (column(np.where(WON & (CHANCE.random(N) < 0.3), 7.0, 0.0), "Worth", "number"), "It is other than 0 for "),
        (column(np.where(WON & (CHANCE.random(N) < 0.3), 1.0, 0.0), "Handled", "yes_no"), "It is other than no for "),
    ],
)
def test_a_leak_is_named_with_its_reason(leak: Column, reason: str) -> None:
    found = one(judge_columns([leak], [], WON, "converted"))
    assert (found.field, reason in found.why) == (leak.path, True), found.why


@pytest.mark.parametrize(
    "honest",
    [
        column(drawn("Landing page", "API", 0.8, 0.25), "Lead Origin"),
        column(drawn("Professional", "", 0.85, 0.5), "Occupation"),
        column(drawn("Reference", "Search", 0.04, 0.0), "Lead Source"),
        column(CHANCE.normal(WON * 1.5, 1.0), "Minutes on the website", "number"),
        column(drawn("a", "b", 0.5, 0.5), "Lead Quality"),
        column(NUMBERED, "Prospect ID"),
        column(drawn("Yes, of a partner", "", 0.1, 0.03), "Referred"),
        column(np.where(WON & (CHANCE.random(N) < 0.04), 1.0, 0.0), "Asked for a demo", "yes_no"),
        column(CHANCE.integers(0, 2, N), "Free copy", "yes_no"),
    ],
)
def test_an_honest_field_is_not_named_however_much_it_tells(honest: Column) -> None:
    assert judge_columns([honest], [], WON, "converted") == []


def test_what_was_written_after_the_hand_off_is_told_by_the_images() -> None:
    before, today = np.full(N, "", dtype=object), np.where(WON & (np.arange(N) % 10 < 3), NUMBERED, "")
    found = one(judge_columns([column(today, "Number")], [column(before, "Number")], WON, "won a deal"))
    assert "Imports changed it after the hand-off: for " in found.why
    assert (round(found.figures["changed_won"], 1), found.figures["changed_others"]) == (0.3, 0)
    assert judge_columns([column(today, "Number")], [column(today, "Number")], WON, "won a deal") == []


@pytest.mark.usefixtures("company")
def test_images_of_imports_name_the_fields_that_they_wrote_too_late() -> None:
    begun = datetime(2026, 1, 5, tzinfo=UTC)
    leads = [
        make.lead(
            created_at=begun,
            is_converted=place % 3 == 0,
            employees=place,
            converted_on=None if place % 3 else begun.date(),
        )
        for place in range(60)
    ]
    with imported(begun + timedelta(days=90)):
        Lead.objects.filter(is_converted=True).update(custom={"customer": "C-7"})
        Lead.objects.filter(pk__in=[lead.pk for lead in leads[:3]]).update(employees=7)
    refresh()
    facts = open_facts()
    found = {each.field: each for each in find_suspects(facts, load_outcomes(facts))}
    assert "Imports changed it after the hand-off" in found["custom.customer"].why
    assert "employees" not in found
