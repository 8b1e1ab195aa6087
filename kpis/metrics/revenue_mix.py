"""Revenue and margin of new and of existing business, and what existing customers keep, add and leave."""

from dataclasses import replace
from typing import Any

import ibis

from kpis.metrics.money import INVOICED, NO_COST, has_cost, invoice_profit
from kpis.registry import Check, Measure, Metric, register_metric
from kpis.revenue.sources import DERIVED, classified_invoices, retained_customers
from kpis.rows import Build, Row

RULE = (
    "New is what the invoice says to be new business; where it says nothing, the first 12 months from the first invoice of "
    "the account."
)
WINDOWS = (
    "Customers are the accounts with invoices, net of credit notes, in the 12 months up to a year before the last evening of "
    "the period; what they were invoiced then is held against the 12 months up to that evening, or up to now while the period "
    "lasts. Only invoices in the company's currency, or converted to it, count."
)
WAS_DERIVED = Check(
    lambda row: row["mix_basis"] == DERIVED, "Invoices classified by the first invoice of the account: {n}."
)  # fmt: skip


def is_new(row: Row) -> Any:
    return row["is_new_business"].fill_null(False)


def is_existing(row: Row) -> Any:
    return ~row["is_new_business"].fill_null(True)


def is_unclassified(row: Row) -> Any:
    return row["is_new_business"].isnull()


def _register_revenue(key: str, name: str, definition: str, formula: str, keep: Build) -> None:
    measure = replace(
        INVOICED, source=classified_invoices, keep=keep, basis="", checks=(*INVOICED.checks, WAS_DERIVED)
    )  # fmt: skip
    register_metric(
        Metric(
            key=key, name=name, definition=definition, formula=formula, unit="money", measures=(measure,),
            default_cut="month", section="Money",
        )
    )  # fmt: skip


_register_revenue(
    "revenue_new", "Revenue of new business", f"What was invoiced net of credit notes for new business. {RULE}",
    "Σ invoices − Σ credit notes of new business", is_new,
)  # fmt: skip
_register_revenue(
    "revenue_existing", "Revenue of existing business",
    f"What was invoiced net of credit notes for existing business. {RULE}",
    "Σ invoices − Σ credit notes of existing business", is_existing,
)  # fmt: skip
_register_revenue(
    "revenue_unclassified", "Revenue not classified",
    "What was invoiced net of credit notes on invoices that say neither new nor existing business and have no account or no "
    "date. With new and existing business it is all invoiced revenue.",
    "Σ invoices − Σ credit notes that cannot be classified", is_unclassified,
)  # fmt: skip


def _register_margin(key: str, name: str, what: str, keep: Build) -> None:
    measure = Measure(
        "invoices", day=INVOICED.day, keep=lambda row: keep(row) & has_cost(row), numerator=invoice_profit, is_money=True,
        source=classified_invoices,
        checks=(Check(lambda row: keep(row) & NO_COST.condition(row), NO_COST.message, is_left_out=True),),
    )  # fmt: skip
    register_metric(
        Metric(
            key=key, name=name, definition=f"Revenue less the cost of what was sold, {what}; only invoices with a cost count. {RULE}",
            formula="Σ (revenue − cost)", unit="money", measures=(measure,), default_cut="vertical", section="Money",
        )
    )  # fmt: skip


_register_margin("margin_new", "Margin of new business", "of new business", is_new)
_register_margin("margin_existing", "Margin of existing business", "of existing business", is_existing)


def _lost(row: Row) -> Any:
    return row.money("base") - row.money("kept")


def _retained(row: Row) -> Any:
    return ibis.least(row.money("kept"), row.money("base"))


def _customers(numerator: Build, keep: Build | None = None, denominator: Build | None = None) -> tuple[Measure]:
    return (
        Measure(
            "accounts", day=lambda row: row["counted_on"], keep=keep, numerator=numerator, denominator=denominator,
            is_money=True, is_stock=True, source=retained_customers,
        ),
    )  # fmt: skip


def _base(row: Row) -> Any:
    return row.money("base")


def _register_retention(
    key: str,
    name: str,
    definition: str,
    formula: str,
    measures: tuple[Measure],
    unit: str = "money",
    better: str = "up",
) -> None:
    register_metric(
        Metric(
            key=key, name=name, definition=f"{definition} {WINDOWS}", formula=formula, unit=unit,  # type: ignore[arg-type]
            measures=measures, better=better, default_cut="vertical", section="Money",  # type: ignore[arg-type]
        )
    )  # fmt: skip


_register_retention(
    "nrr", "Net revenue retention", "What customers of the year before were invoiced since, for each unit of what they were then.",
    "revenue of the same customers now ÷ their revenue 12 months before", _customers(lambda row: row.money("kept"), denominator=_base), "percent",
)  # fmt: skip
_register_retention(
    "grr", "Gross revenue retention", "Like net revenue retention, but a customer counts for no more than before, so that it never exceeds 100 %.",
    "Σ least of revenue now and 12 months before ÷ revenue 12 months before", _customers(_retained, denominator=_base), "percent",
)  # fmt: skip
_register_retention(
    "revenue_expansion", "Expansion", "What customers were invoiced more than in the year before.",
    "Σ (revenue now − before) of customers with more", _customers(lambda row: -_lost(row), lambda row: row["kept"] > row["base"]),
)  # fmt: skip
_register_retention(
    "revenue_contraction", "Contraction", "What customers who stayed were invoiced less than in the year before.",
    "Σ (revenue before − now) of customers with less", _customers(_lost, lambda row: (row["kept"] > 0) & (row["kept"] < row["base"])), better="down",
)  # fmt: skip
_register_retention(
    "revenue_churn", "Churn", "What customers brought in the year before who were invoiced nothing since, or less than their credit notes.",
    "Σ (revenue before − now) of customers with nothing now", _customers(_lost, lambda row: row["kept"] <= 0), better="down",
)  # fmt: skip
