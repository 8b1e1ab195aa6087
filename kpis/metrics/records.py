"""How many records of each kind there are, by the day each belongs to."""

from kpis.deals import closed_day, count_one, is_closed, is_lost, is_no_decision, is_won, opened_day
from kpis.registry import Measure, Metric, OwnerSide, register_metric
from kpis.rows import Build


def _register_count(
    key: str,
    name: str,
    table: str,
    what: str,
    day: Build,
    *,
    cut: str = "source_system",
    keep: Build | None = None,
    side: OwnerSide = "joint",
    section: str = "Records",
    better: str = "up",
) -> None:
    register_metric(
        Metric(
            key=key,
            name=name,
            definition=what,
            formula=f"count of {name.lower()}",
            unit="count",
            better=better,  # type: ignore[arg-type]
            owner_side=side,
            measures=(Measure(table, day=day, keep=keep, numerator=count_one),),
            default_cut=cut,
            section=section,
        )
    )


_register_count(
    "opportunities", "Opportunities", "opportunities", "Deals, by the day they were opened, whatever became of them.",
    opened_day, cut="owner", side="sales", section="Outcomes",
)  # fmt: skip
for key, name, definition, keep, better in [
    ("opportunities_won", "Opportunities won", "Deals won, by the day they closed.", is_won, "up"),
    ("opportunities_lost", "Opportunities lost", "Deals lost, by the day they closed.", is_lost, "down"),
    ("opportunities_undecided", "Opportunities without decision", "Deals in which the buyer decided nothing, by the day they closed.", is_no_decision, "down"),
    ("opportunities_closed", "Opportunities closed", "Deals that ended, whatever the outcome, by the day they closed.", is_closed, "up"),
]:  # fmt: skip
    _register_count(
        key,
        name,
        "opportunities",
        definition,
        closed_day,
        cut="owner",
        keep=keep,
        side="sales",
        section="Outcomes",
        better=better,
    )

_register_count(
    "accounts",
    "Accounts",
    "accounts",
    "Companies that buy or may buy, by the day their record was made.",
    lambda row: row.day("created_at"),
    cut="vertical",
)
_register_count(
    "contacts",
    "Contacts",
    "contacts",
    "People at accounts, by the day their record was made.",
    lambda row: row.day("created_at"),
    cut="lifecycle_stage",
)
_register_count(
    "touches",
    "Touches",
    "touches",
    "Marketing contacts with leads and contacts.",
    lambda row: row.day("happened_at"),
    cut="campaign",
    side="marketing",
)
_register_count(
    "activities",
    "Activities",
    "activities",
    "What people did: calls, mails, visits, demos.",
    lambda row: row.day("happened_at"),
    cut="kind",
    side="sales",
)
_register_count(
    "enquiries",
    "Enquiries",
    "enquiries",
    "Questions that customers asked, by the day they were opened.",
    lambda row: row.day("opened_at"),
    cut="status",
    better="",
)
_register_count(
    "campaigns",
    "Campaigns",
    "campaigns",
    "Campaigns, by the day they started.",
    lambda row: row["starts_on"],
    cut="kind",
    side="marketing",
    better="",
)
_register_count(
    "stage_changes",
    "Stage changes",
    "stage_changes",
    "Entries of the stage histories of deals.",
    lambda row: row.day("entered_at"),
    keep=lambda row: row["track"].fill_null("deal") == "deal",  # a lead has a history of its own
    cut="stage",
    side="sales",
    better="",
)
_register_count(
    "invoices",
    "Invoices",
    "invoices",
    "Invoices and credit notes, by the day they were issued.",
    lambda row: row["issued_on"],
    cut="kind",
)
_register_count(
    "line_items",
    "Line items",
    "line_items",
    "Products on opportunities, orders and invoices, by the day of the line, else of its invoice, else of its deal.",
    lambda row: row.first("sold_on", "invoice.issued_on", "opportunity.closed_on"),
    cut="product",
)
_register_count(
    "subscriptions",
    "Subscriptions started",
    "subscriptions",
    "Subscriptions, by the day they started.",
    lambda row: row["starts_on"],
    cut="plan",
)
_register_count(
    "spend_lines",
    "Lines of spend",
    "spend",
    "Dated lines of sales and marketing spend.",
    lambda row: row["spent_on"],
    cut="category",
    better="",
)
