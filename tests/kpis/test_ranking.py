"""Campaigns by leads beside campaigns by revenue: the money decides which disagreement is reported."""

from decimal import Decimal

from kpis.ranking import rank_campaigns
from kpis.result import Part


def part(label: str, value: object) -> Part:
    return Part(label=label, key=f"id:{label}", value=value)  # type: ignore[arg-type]


def ranked(*campaigns: tuple[str, int, int]) -> object:
    leads = [part(name, count) for name, count, _ in campaigns if count]
    revenue = [part(name, Decimal(money)) for name, _, money in campaigns if money]
    return rank_campaigns(leads, revenue, "EUR")


def test_pink_has_more_leads_and_blue_the_revenue() -> None:
    ranking = ranked(("Pink", 150, 100_000), ("Blue", 100, 480_000))
    assert [one.label for one in ranking.by_leads] == ["Pink", "Blue"]
    assert [one.label for one in ranking.by_revenue] == ["Blue", "Pink"]
    assert (
        ranking.finding.replace("\u202f", " ").replace("\u00a0", " ")
        == "“Pink” brought 50% more leads than “Blue”, but only 21% of its revenue"
    )
    assert [(thread.left, thread.right, thread.direction) for thread in ranking.threads] == [
        (0, 1, "down"),
        (1, 0, "up"),
    ]
    assert ranking.by_leads[0].climb == -1


def test_the_pair_with_the_most_money_between_is_told() -> None:
    ranking = ranked(("A", 100, 1), ("B", 50, 1_000), ("C", 90, 5), ("D", 40, 90_000))
    assert ranking.upside_down
    assert [one.label for one in ranking.upside_down] == ["A", "D"]
    assert ranking.told == {"id:A", "id:D"}


def test_campaigns_that_agree_are_not_told_as_upside_down() -> None:
    assert ranked(("A", 100, 900), ("B", 50, 500)).finding == "Campaigns that bring more leads also bring more revenue"
    assert ranked(("A", 100, 900), ("B", 95, 950)).upside_down is None  # too close to mean anything


def test_a_campaign_without_leads_or_without_revenue_still_counts() -> None:
    ranking = ranked(("Loud", 40, 0), ("Quiet", 0, 250_000))
    assert ranking.total == 2
    assert "40 more leads" in ranking.finding
    assert "no revenue" in ranking.finding


def test_many_more_leads_are_told_as_times() -> None:
    assert "3.0 × the leads of “B”" in ranked(("A", 300, 10), ("B", 100, 500)).finding.replace("\u202f", " ").replace(
        "\u00a0", " "
    )


def test_no_campaign_at_all() -> None:
    ranking = rank_campaigns([], [], "EUR")
    assert (ranking.total, ranking.most_leads, ranking.most_revenue, ranking.height) == (0, 0, 0, 0)
    assert ranking.finding == "No campaign brought a lead or a deal"


def test_only_the_first_of_many_are_listed_but_all_are_ranked() -> None:
    ranking = ranked(*((f"C{number:02}", 100 - number, 1000 + number) for number in range(20)))
    assert len(ranking.by_leads) == len(ranking.by_revenue) == 8
    assert ranking.by_revenue[0].leads_rank == 20
    assert ranking.threads == ()


def test_records_without_a_campaign_are_no_campaign() -> None:
    ranking = rank_campaigns([part("A", 3), Part(label="(blank)", key="(blank)", value=9)], [], "EUR")
    assert [one.label for one in ranking.by_leads] == ["A"]
    assert ranking.by_revenue == ()
