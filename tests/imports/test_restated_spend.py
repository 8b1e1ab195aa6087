"""A report of ads that restates days which came before replaces their figures; nothing is counted twice without a word."""

from decimal import Decimal

import pytest
from django.db.models import Sum

from crm.models import Spend
from imports import actions
from imports.models import Duplicate, ImportJob
from imports.parsing.notes import note_sentences
from imports.preview.summary import summarise_preview
from team.models import User
from tests.imports.importing import bring
from tests.imports.test_review import count, go, hold

pytestmark = pytest.mark.django_db

OURS = "Date,Campaign,Channel,Spend,Impressions,Clicks,Leads\n"
GOOGLE = "Day,Campaign,Account,Currency code,Cost,Impr.,Clicks,Conversions\n"
META = "Campaign name,Ad set name,Reporting starts,Amount spent (EUR),Impressions,Results\n"
LINKEDIN = "Start Date,Campaign Name,Creative Name,Currency,Total Spent,Impressions,Clicks,Leads\n"


def counts(run: ImportJob) -> tuple[int, int, int]:
    found = run.files.get().counts["spend"]
    return found["created"], found["updated"], found["unchanged"]


def total() -> Decimal:
    found: Decimal = Spend.objects.aggregate(all=Sum("amount"))["all"]
    return found


@pytest.mark.parametrize(
    ("first", "corrected"),
    [
        (
            OURS + "2025-03-01,Spring,Search,10,100,5,1\n2025-03-01,Spring,Social,20,90,4,0\n2025-03-02,Spring,Search,30,80,3,0\n",
            OURS + "2025-03-01,Spring,Social,21,95,4,0\n2025-03-01,Spring,Search,12,104,6,1\n2025-03-02,Spring,Search,30,80,3,0\n",
        ),
        (
            GOOGLE + "2025-03-01,Spring,A,EUR,10,100,5,1\n2025-03-01,Spring,B,EUR,20,90,4,0\n2025-03-02,Spring,A,EUR,30,80,3,0\n",
            GOOGLE + "2025-03-01,Spring,A,EUR,12,100,5,1\n2025-03-01,Spring,B,EUR,21,90,4,2\n2025-03-02,Spring,A,EUR,30,80,3,0\n",
        ),
        (
            META + "Spring,North,2025-03-01,10,100,5\nSpring,South,2025-03-01,20,90,4\nSpring,North,2025-03-02,30,80,3\n",
            META + "Spring,North,2025-03-01,12,101,5\nSpring,South,2025-03-01,21,90,5\nSpring,North,2025-03-02,30,80,3\n",
        ),
        (
            LINKEDIN + "2025-03-01,Spring,C1,EUR,10,100,5,1\n2025-03-01,Spring,C2,EUR,20,90,4,0\n2025-03-02,Spring,C1,EUR,30,80,3,0\n",
            LINKEDIN + "2025-03-01,Spring,C1,EUR,12,100,6,1\n2025-03-01,Spring,C2,EUR,21,90,4,1\n2025-03-02,Spring,C1,EUR,30,80,3,0\n",
        ),
    ],
    ids=["accord", "google_ads", "meta_ads", "linkedin_ads"],
)  # fmt: skip
def test_corrected_figures_of_a_day_replace_the_earlier_ones(first: str, corrected: str, company: object) -> None:
    assert counts(bring({"ads.csv": first})) == (3, 0, 0)
    assert total() == 60
    assert counts(bring({"ads of the month.csv": corrected})) == (0, 2, 1)
    assert (Spend.objects.count(), total()) == (3, 63)


def test_lines_that_differ_in_figures_alone_are_each_a_line(company: object) -> None:
    text = OURS + "2025-03-01,Spring,Search,10,100,5,1\n2025-03-01,Spring,Search,20,90,4,0\n"
    bring({"ads.csv": text})
    assert (Spend.objects.count(), total()) == (2, 30)
    bring({"again.csv": text + "2025-03-02,Spring,Search,5,9,1,0\n"})
    assert (Spend.objects.count(), total()) == (3, 35)


COSTS = "Date,Side,Category,Amount,Description,Campaign\n"


def test_other_spend_of_days_that_came_before_is_asked_about(ops: User) -> None:
    bring(
        {
            "costs.csv": COSTS
            + "2025-03-31,Sales,People,48000,Salaries March,\n2025-03-31,Marketing,Lead generation,90,,Fair\n"
        }
    )
    later = {
        "costs 2.csv": COSTS
        + "2025-03-31,Sales,People,49000,Salaries March,\n2025-03-31,Marketing,Lead generation,95,Stand,Fair\n"
        "2025-03-31,Sales,People,700,Bonus,\n2025-04-30,Sales,People,48000,Salaries April,\n"
    }
    run = hold(later, user=ops)
    (line,) = summarise_preview(run, list(run.files.all())).alike
    assert (line.why, line.rows) == ("spend", 2)
    actions.choose_duplicates(run=run, chosen={"spend": "skip"}, user=ops)
    count(run)
    done = go(ImportJob.objects.get(pk=run.pk), ops)
    assert sorted(Spend.objects.values_list("amount", flat=True)) == [90, 700, 48000, 48000]
    assert {pair.why for pair in Duplicate.objects.filter(run=done, done="skip")} == {"spend"}


def test_spend_that_counts_beside_what_came_before_is_noted(company: object) -> None:
    bring({"costs.csv": COSTS + "2025-03-31,Marketing,Lead generation,90,,Fair\n"})
    run = bring(
        {
            "costs 2.csv": COSTS
            + "2025-03-31,Marketing,Lead generation,95,,Fair\n2025-03-31,Marketing,Lead generation,5,,Other\n"
        }
    )
    (note,) = note_sentences(run.files.get().notes)
    assert note.startswith("1 row of spend without an id of days and campaigns of an earlier import")
    assert total() == 190


def test_lines_with_ids_and_lines_of_one_import_restate_nothing(company: object) -> None:
    ids = "Line id,Date,Side,Category,Amount,Campaign\n"
    bring({"a.csv": ids + "1,2025-03-31,Marketing,Lead generation,90,Fair\n"})
    run = bring({"b.csv": ids + "2,2025-03-31,Marketing,Lead generation,95,Fair\n"})
    assert run.files.get().notes == {}
    both = COSTS + "2025-05-31,Sales,People,10,Lunch,\n2025-05-31,Sales,People,20,Lunch,\n"
    assert "lines of spend of days imported before" not in bring({"c.csv": both}).files.get().notes


def test_a_finer_report_of_days_that_came_before_does_not_double_them_without_a_word(company: object) -> None:
    bring({"campaigns.csv": META.replace("Ad set name,", "") + "Spring,2025-03-01,30,190,9\n"})
    run = bring({"ad sets.csv": META + "Spring,North,2025-03-01,10,100,5\nSpring,South,2025-03-01,20,90,4\n"})
    (note,) = note_sentences(run.files.get().notes)
    assert note.startswith("2 rows of spend without an id")
