"""How the records behind a number are listed: the columns of each kind, and what must be fetched with them."""

from dataclasses import dataclass
from typing import Any

from core.formatting import format_exact


@dataclass(frozen=True)
class Column:
    """A heading and where its value is found on the record; `kind` decides how it is written."""

    label: str
    path: str
    kind: str = "text"  # text, day, moment, money, percent, count

    def cell(self, record: Any) -> "Cell":
        value: Any = record
        for name in self.path.split("."):
            value = getattr(value, name, None)
        if callable(value):
            value = value()
        return Cell(self, value, getattr(record, "currency", ""))


@dataclass(frozen=True)
class Cell:
    column: Column
    value: Any
    currency: str = ""

    @property
    def is_number(self) -> bool:
        return self.column.kind in {"money", "percent", "count"}

    @property
    def text(self) -> str:
        """Write the value for a sheet: numbers in full and bare, days as ISO, booleans as Yes or No."""
        if self.value is None:
            return ""
        if isinstance(self.value, bool):
            return "Yes" if self.value else "No"
        return self.value.isoformat() if hasattr(self.value, "isoformat") else str(self.value)

    @property
    def written(self) -> str:
        """Write a number in full for the page."""
        return "–" if self.value is None else format_exact(self.value, self.column.kind, self.currency)


NAME, OWNER, SOURCE = Column("Name", "name"), Column("Owner", "owner.name"), Column("Source", "source")
ACCOUNT, CAMPAIGN = Column("Account", "account.name"), Column("Campaign", "campaign.name")
AMOUNT = Column("Amount", "amount", "money")
COLUMNS: dict[str, tuple[Column, ...]] = {
    "opportunities": (
        NAME,
        ACCOUNT,
        OWNER,
        Column("Stage", "stage"),
        Column("Outcome", "get_outcome_display"),
        AMOUNT,
        Column("Opened", "opened_on", "day"),
        Column("Closed", "closed_on", "day"),
    ),
    "open opportunities": (
        NAME,
        ACCOUNT,
        OWNER,
        Column("Stage", "stage"),
        AMOUNT,
        Column("Probability", "probability", "percent"),
        Column("Opened", "opened_on", "day"),
        Column("Expected", "expected_close_on", "day"),
    ),
    "leads": (
        Column("Name", "__str__"),
        Column("Company", "company_name"),
        OWNER,
        CAMPAIGN,
        Column("Lead source", "lead_source"),
        Column("Status", "status"),
        Column("First contact", "first_contact_on", "day"),
        Column("Created", "created_at", "moment"),
        SOURCE,
    ),
    "invoices": (
        Column("Number", "number"),
        ACCOUNT,
        Column("Kind", "get_kind_display"),
        AMOUNT,
        Column("Cost", "cost", "money"),
        Column("Issued", "issued_on", "day"),
        SOURCE,
    ),
    "spend": (
        Column("Description", "description"),
        Column("Side", "get_side_display"),
        Column("Category", "get_category_display"),
        CAMPAIGN,
        AMOUNT,
        Column("Spent", "spent_on", "day"),
        SOURCE,
    ),
    "payments": (Column("Invoice", "invoice.number"), AMOUNT, Column("Paid", "paid_on", "day"), SOURCE),
    "line_items": (
        Column("Line", "__str__"),
        Column("Product", "product.name"),
        Column("Opportunity", "opportunity.name"),
        Column("Invoice", "invoice.number"),
        Column("Quantity", "quantity", "count"),
        Column("Discount", "discount", "money"),
        AMOUNT,
        Column("Sold", "sold_on", "day"),
        SOURCE,
    ),
    "subscriptions": (
        Column("Name", "__str__"),
        ACCOUNT,
        Column("Product", "product.name"),
        Column("Plan", "plan"),
        AMOUNT,
        Column("Every", "get_period_display"),
        Column("Starts", "starts_on", "day"),
        Column("Ends", "ends_on", "day"),
        SOURCE,
    ),
    "accounts": (
        NAME,
        OWNER,
        Column("Vertical", "vertical.name"),
        Column("Country", "country"),
        Column("Employees", "employees", "count"),
        SOURCE,
    ),
    "contacts": (
        Column("Name", "__str__"),
        ACCOUNT,
        OWNER,
        Column("Lifecycle stage", "lifecycle_stage"),
        Column("Lead source", "lead_source"),
        Column("Created", "created_at", "moment"),
        SOURCE,
    ),
    "touches": (
        CAMPAIGN,
        Column("Lead", "lead.name"),
        Column("Contact", "contact.name"),
        Column("Kind", "kind"),
        Column("Status", "status"),
        Column("When", "happened_at", "moment"),
        Column("Value", "value", "money"),
        SOURCE,
    ),
    "activities": (
        Column("Subject", "subject"),
        Column("Kind", "kind"),
        OWNER,
        Column("Contact", "contact.name"),
        Column("Lead", "lead.name"),
        Column("When", "happened_at", "moment"),
        SOURCE,
    ),
    "enquiries": (
        NAME,
        ACCOUNT,
        OWNER,
        Column("Status", "status"),
        Column("Priority", "priority"),
        Column("Opened", "opened_at", "moment"),
        Column("Closed", "closed_at", "moment"),
        SOURCE,
    ),
    "campaigns": (
        NAME,
        Column("Kind", "kind"),
        Column("Status", "status"),
        Column("Starts", "starts_on", "day"),
        Column("Ends", "ends_on", "day"),
        Column("Cost", "cost", "money"),
        SOURCE,
    ),
    "handoffs": (
        Column("Lead", "lead.__str__"),
        Column("Handed to", "to_owner.name"),
        Column("Handed over", "started_at", "moment"),
        Column("Due", "due_at", "moment"),
        Column("First response", "answered_at", "moment"),
        Column("Ended", "ended_at", "moment"),
        Column("How", "get_end_display"),
    ),
    "verdicts": (
        Column("Lead", "lead.__str__"),
        Column("Verdict", "get_answer_display"),
        Column("Criterion", "criterion"),
        Column("Note", "note"),
        Column("Rating", "rating", "count"),
        Column("By", "given_by.__str__"),
        Column("Given", "given_at", "moment"),
    ),
    "stage_changes": (
        Column("Opportunity", "opportunity.name"),
        Column("Stage", "stage"),
        AMOUNT,
        Column("Entered", "entered_at", "moment"),
        SOURCE,
    ),
}


def columns_of(table: str, *, is_stock: bool = False) -> tuple[Column, ...]:
    """Return the columns of a kind of record; open deals show their chances instead of their end."""
    return COLUMNS["open opportunities" if is_stock and table == "opportunities" else table]


def related_paths(columns: tuple[Column, ...]) -> tuple[str, ...]:
    """Return the references that the columns look through, to be fetched in the same query."""
    return tuple({column.path.partition(".")[0]: None for column in columns if "." in column.path})
