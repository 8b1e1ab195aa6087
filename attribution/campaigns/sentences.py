"""What the page of campaigns says in words: its finding, how firm it is, and what is missing."""

from dataclasses import dataclass

from attribution.campaigns.report import FEWEST_COMPANIES, CampaignReport, Line
from attribution.methods.resampling import RESAMPLES
from core.formatting import format_count, format_percent, short_money


@dataclass(frozen=True)
class Gap:
    """What is missing in the data, what follows from it, and the page on which it can be repaired (a URL name)."""

    title: str
    remedy: str
    url_name: str = ""
    link: str = ""


def describe_finding(report: CampaignReport, model: str) -> str:
    """Say the finding, with the model that it holds under."""
    if not report.lines:
        return "No campaign is credited with a lead or a deal in this period"
    return f"{report.ranking.finding} ({model})"


def describe_recorded(recorded: CampaignReport | None) -> str:
    """Say the finding by the campaigns that leads and deals name, beside that of a model of touches."""
    if recorded is None or not recorded.lines:
        return ""
    return f"By the campaign that leads and deals name: {recorded.ranking.finding}."


def describe_firmness(report: CampaignReport) -> str:
    """Say how sure the order by revenue is."""
    earning = [line for line in report.lines if line.revenue]
    if report.top_holds is None:
        if not earning:
            return ""
        return (
            f"Fewer than {FEWEST_COMPANIES} customers were won with a campaign. That is too few for intervals: "
            "read the ranks with care, or choose a longer period."
        )
    first = f"the first {min(3, len(earning))}" if len(earning) > 1 else "the first"
    return (
        f"In {format_percent(report.top_holds, 0)} of {RESAMPLES} draws of the companies, {first} by revenue keep their order. "
        f"Intervals hold 80% of the draws."
    )


def describe_likeness(line: Line) -> str:
    """Say which neighbours a campaign cannot be told apart from by revenue."""
    if not line.alike:
        return ""
    names = " or ".join(f"“{name}”" for name in line.alike)
    return f"Cannot be told apart from {names}"


def describe_unattributed(report: CampaignReport, *, is_recorded: bool = False) -> str:
    """Say which part of won revenue no campaign is credited with, so that all parts add up."""
    if not report.won:
        return ""
    parts = []
    if report.no_campaign:
        parts.append(f"{short_money(report.no_campaign, report.currency)} of touches without a campaign")
    if report.no_touch:
        without = "that name no campaign" if is_recorded else "without a touch before they closed"
        parts.append(f"{short_money(report.no_touch, report.currency)} of deals {without}")
    if not parts:
        return f"All {short_money(report.won, report.currency)} won in the period are credited to campaigns."
    return f"Of {short_money(report.won, report.currency)} won in the period, no campaign is credited with {' and '.join(parts)}."


def list_gaps(report: CampaignReport, *, sees_cost: bool) -> list[Gap]:
    """Return what is missing in the data, the most important first."""
    coverage, gaps = report.coverage, []
    if report.as_of is None:
        return [
            Gap(
                "No numbers have been computed yet.",
                "Import records; the nightly run computes the credits.",
                "imports",
                "Imports",
            )
        ]
    if not coverage.touches:
        gaps.append(
            Gap(
                "No touches are recorded.",
                "Import campaign members, e-mails, events or ads as touches.",
                "import_templates",
                "Import sheets",
            )
        )
    elif not coverage.campaign_touches:
        gaps.append(
            Gap(
                "No touch names a campaign.",
                "Import campaign members, or map the campaign column of your touches.",
                "import_templates",
                "Import sheets",
            )
        )
    if not coverage.won_deals:
        gaps.append(
            Gap(
                "No deal was won in this period.",
                "Choose another period, or import deals with their outcome and close date.",
            )
        )
    elif coverage.touches and not coverage.credited_deals:
        gaps.append(
            Gap(
                f"None of the {format_count(coverage.won_deals)} won deals has a touch before it closed.",
                "Link deals to accounts or contacts, and touches to leads or contacts of the same accounts.",
            )
        )
    if coverage.unconverted_deals:
        gaps.append(
            Gap(
                f"{format_count(coverage.unconverted_deals)} won deals are in other currencies and are left out.",
                "Import exchange rates, and let the company settings convert amounts.", "exchange_rates", "Exchange rates",
            )
        )  # fmt: skip
    if coverage.without_amount:
        gaps.append(
            Gap(
                f"{format_count(coverage.without_amount)} won deals have no amount and count as 0.",
                "Enter the amounts in your CRM and import again.",
            )
        )
    if sees_cost and not coverage.spend_lines:
        gaps.append(
            Gap(
                "No line of spend in this period names a campaign, so cost and return are empty.",
                "Import spend with a campaign column.", "import_templates", "Import sheets",
            )
        )  # fmt: skip
    return gaps
