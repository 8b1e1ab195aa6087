"""The five categories of quotas, how records name them, and what counts as achieved in each. Pure."""

import re
from dataclasses import dataclass

VOLUME, GROWTH, MARGIN, CHURN, NEW_PRODUCTS = "volume", "growth", "margin", "churn", "new_products"


@dataclass(frozen=True)
class Category:
    """One category: its name, the words that records use for it, and the rule of what was achieved."""

    key: str
    name: str
    words: tuple[str, ...]
    rule: str


CATEGORIES = {
    category.key: category
    for category in (
        Category(
            VOLUME, "Volume", ("volume", "revenue", "sales", "bookings", "booking", "turnover"),
            "Σ amount of the deals that the rep won, by close date, within the days of the quota.",
        ),
        Category(
            GROWTH, "Growth", ("growth", "revenue growth", "increase"),
            "Σ amount of the rep’s won deals within the days of the quota − the same for the same days a year before. "
            "Without deals on record that far back there is no figure.",
        ),
        Category(
            MARGIN, "Margin", ("margin", "profit", "gross profit", "gross margin", "contribution"),
            "Σ (amount − cost) of the rep’s won deals within the days of the quota. Deals without a cost are left out and counted.",
        ),
        Category(
            CHURN, "Churn", ("churn", "retention", "renewal", "renewals", "revenue kept", "retained revenue"),
            "Revenue kept: for each account of the rep, the lesser of what was invoiced net of credit notes within the days of the "
            "quota and in the same days a year before. What an account buys more does not make up for one that leaves.",
        ),
        Category(
            NEW_PRODUCTS, "New products", ("new products", "new product", "product launch", "launches", "innovation"),
            "Σ amount of the rep’s won deals of a product within 12 months of its first sale. A product whose first sale is less "
            "than 12 months after the first deal on record is not new: it may have been sold before.",
        ),
    )
}  # fmt: skip
_BY_WORD = {word: category.key for category in CATEGORIES.values() for word in category.words}


def find_category(written: str) -> str:
    """Return the key of the category that a record names; empty for a word that is none of ours."""
    return _BY_WORD.get(" ".join(re.split(r"[\s_\-]+", written.strip().casefold())), "")


def version_order(version: str) -> tuple[tuple[int, int, str], ...]:
    """Return the key that sorts versions as people number them: 2025.2 before 2025.10; no version comes first."""
    parts = re.findall(r"\d+|[^\d.]+", version.casefold())
    return tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts)
