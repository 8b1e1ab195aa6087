"""How much of spend, pipeline and wins is inside the signed ideal customer profile."""

from typing import Any

from attribution.facts import AMOUNT, SHARE
from kpis.deals import closed_day, deal_amount, is_won, opened_day
from kpis.registry import Check, Measure, Metric, register_metric
from kpis.rows import Build, Row

INSIDE = "inside"


def place_of_deal(row: Row) -> Any:
    """Return the place of the deal's account, else of the lead it came from."""
    return row.text("account.account_icp.place", "lead.lead_icp.place")


def is_placed(row: Row) -> Any:
    return place_of_deal(row).notnull()


def _amount_inside(row: Row) -> Any:
    return (place_of_deal(row) == INSIDE).fill_null(False).ifelse(deal_amount(row), 0)


def _both(first: Build, second: Build) -> Build:
    return lambda row: first(row) & second(row)


def is_open(row: Row) -> Any:
    return row["outcome"] == "open"


def _register_deal_share(key: str, name: str, what: str, formula: str, day: Build, counts: Build) -> None:
    unplaced = Check(
        lambda row: counts(row) & ~is_placed(row),
        "Deals without a place by the profile: {n}. They are left out. A place needs a signed profile, and an account or a lead.",
        is_left_out=True,
    )
    register_metric(
        Metric(
            key=key,
            name=name,
            definition=f"Of the amount of {what}, the share whose account, else whose lead, is inside the signed ideal customer profile.",
            formula=formula,
            unit="percent",
            owner_side="joint",
            measures=(
                Measure(
                    "opportunities", day=day, keep=_both(counts, is_placed), numerator=_amount_inside,
                    denominator=deal_amount, is_money=True, checks=(unplaced,),
                ),
            ),
            default_cut="owner",
            section="Ideal customers",
        )
    )  # fmt: skip


_register_deal_share(
    "icp_share_of_wins",
    "Ideal customers’ share of wins",
    "the deals won in the period",
    "won amount inside the profile ÷ won amount",
    closed_day,
    is_won,
)
_register_deal_share(
    "icp_share_of_pipeline",
    "Ideal customers’ share of pipeline",
    "the deals opened in the period that are open today",
    "open amount inside the profile ÷ open amount",
    opened_day,
    is_open,
)


def has_mix(row: Row) -> Any:
    return row["campaign.icp_mix.placed"].fill_null(0) > 0


register_metric(
    Metric(
        key="icp_share_of_spend",
        name="Ideal customers’ share of spend",
        definition=(
            "Of the spend of the period that names a campaign, the share that went to leads inside the signed ideal customer "
            "profile: the spend of a campaign is shared equally over all leads that it brought and that have a place."
        ),
        formula="Σ spend × the campaign’s share of leads inside the profile ÷ spend of campaigns with leads",
        unit="percent",
        owner_side="marketing",
        measures=(
            Measure(
                "spend",
                day=lambda row: row["spent_on"],
                keep=has_mix,
                numerator=lambda row: (row["amount"].cast(AMOUNT) * row["campaign.icp_mix.inside_share"]).cast(SHARE),
                denominator=lambda row: row["amount"].cast(AMOUNT).cast(SHARE),
                is_money=True,
                checks=(
                    Check(
                        lambda row: ~has_mix(row),
                        "Lines of spend without a campaign, or whose campaign has no lead with a place: {n}. They are left out.",
                        is_left_out=True,
                    ),
                ),
            ),
        ),
        default_cut="campaign",
        section="Ideal customers",
    )
)
