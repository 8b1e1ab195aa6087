"""A report of ads that restates days which came before replaces their figures; nothing is counted twice without a word."""

from decimal import Decimal

import pytest
from django.db.models import Sum

from crm.models import Import, Spend
from tests.crm.importing import bring

pytestmark = pytest.mark.django_db

OURS = "Date,Campaign,Channel,Spend,Impressions,Clicks,Leads\n"
GOOGLE = "Day,Campaign,Account,Currency code,Cost,Impr.,Clicks,Conversions\n"
META = "Campaign name,Ad set name,Reporting starts,Amount spent (EUR),Impressions,Results\n"
LINKEDIN = "Start Date,Campaign Name,Creative Name,Currency,Total Spent,Impressions,Clicks,Leads\n"


def counts(run: Import) -> tuple[int, int, int]:
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
