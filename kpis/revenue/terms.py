"""What both sides sign about the mix of revenue: the share of new business, and what a unit of margin of each counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms

from agreements.kinds import TermsForm
from agreements.models import Version

REVENUE_MIX = "revenue_mix"


class RevenueMixTerms(TermsForm):
    """The agreed share of new business and the weights of the quality-revenue index."""

    new_share = forms.DecimalField(
        label="New business, in percent of revenue", min_value=0, max_value=100, max_digits=5, decimal_places=2,
        help_text="The rest is existing business.",
    )  # fmt: skip
    new_weight = forms.DecimalField(
        label="Weight of margin from new business", min_value=0, max_value=10, max_digits=4, decimal_places=2,
        help_text="1 counts a unit of margin as it is.",
    )  # fmt: skip
    existing_weight = forms.DecimalField(
        label="Weight of margin from existing business", min_value=0, max_value=10, max_digits=4, decimal_places=2
    )

    def terms(self) -> dict[str, Any]:
        return {name: str(value) for name, value in self.cleaned_data.items()}


def describe_mix(terms: Mapping[str, Any]) -> list[str]:
    return [
        f"New business: {terms['new_share']} % of revenue",
        f"Weights of margin: new {terms['new_weight']}, existing {terms['existing_weight']}",
    ]


@dataclass(frozen=True)
class AgreedMix:
    """The mix in force: a share between 0 and 1, and two weights."""

    new_share: Decimal
    new_weight: Decimal
    existing_weight: Decimal
    agreement_id: int


def read_agreed_mix() -> AgreedMix | None:
    """Return the signed mix that binds the whole company; None where none is in force. One query."""
    versions = Version.objects.in_force().filter(agreement__kind=REVENUE_MIX, pilot_manager=None)
    version = versions.order_by("-pk").first()
    if version is None:
        return None
    terms = version.terms
    return AgreedMix(
        Decimal(terms["new_share"]) / 100,
        Decimal(terms["new_weight"]),
        Decimal(terms["existing_weight"]),
        version.agreement_id,
    )
