"""What a kind of record declares, once: the API, imports, facts, exchange rates, drill-down and metrics derive from it.

Each kind has a file in `crm/kinds/`; docs/architecture.md shows how to add one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Self

from django.db import models

from crm.models import Record


def kind_of(model: type[models.Model]) -> str:
    """Return the name of the kind of a model, as mappings and undo name it: StageChange is "stage_change"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", model.__name__).lower()


@dataclass(frozen=True)
class Column:
    """A heading of a drill-down list and where its value is on the record; `kind` decides how it is written."""

    label: str
    path: str
    kind: str = "text"  # text, day, moment, money, percent, count


NAME, OWNER, SOURCE = Column("Name", "name"), Column("Owner", "owner.name"), Column("Source", "source")
ACCOUNT, CAMPAIGN = Column("Account", "account.name"), Column("Campaign", "campaign.name")
AMOUNT = Column("Amount", "amount", "money")


@dataclass(frozen=True)
class Cut:
    """Where a dimension of the metrics is found on a row: the first of the paths that is not empty."""

    how: Literal["id", "owner", "text", "flag", "currency", "stage", "person"]
    paths: tuple[str, ...]

    @classmethod
    def by_id(cls, *paths: str) -> Self:
        """The id of a record, which is then shown by name."""
        return cls("id", paths)

    @classmethod
    def owner(cls, *paths: str) -> Self:
        """The owner record that represents the person behind the first path that leads to one."""
        return cls("owner", paths)

    @classmethod
    def text(cls, *paths: str) -> Self:
        return cls("text", paths)

    @classmethod
    def texts(cls, *names: str) -> dict[str, Self]:
        """Dimensions that are called as the columns in which they are."""
        return {name: cls.text(name) for name in names}

    @classmethod
    def flag(cls, path: str) -> Self:
        return cls("flag", (path,))

    @classmethod
    def stage(cls, *pipelines: str) -> Self:
        """The stage with its pipeline: stages of one name in two pipelines are two stages."""
        return cls("stage", pipelines)

    @classmethod
    def currency(cls) -> Self:
        """The currency of the row, else the company's."""
        return cls("currency", ("currency",))

    @classmethod
    def person(cls) -> Self:
        """Whether it is of a lead or of a contact."""
        return cls("person", ("lead_id", "contact_id"))


@dataclass(frozen=True)
class Money:
    """Amounts in the record's currency, the main one first, and the day whose rate converts them: the first that is known.

    A day of another record is a path: `invoice.issued_on`. Without days no metric converts the amounts.
    """

    amounts: tuple[str, ...]
    days: tuple[str, ...] = ()
    today_while: tuple[str, str] | None = None  # (field, value): while it has the value, today's rate counts
    is_open_ended: bool = False  # no day means that it goes on: today's rate counts


@dataclass(frozen=True)
class Count:
    """The metric that counts the records by the first of the days that is known."""

    definition: str
    days: tuple[str, ...]
    cut: str  # the dimension that its page is cut by at first
    position: int  # among the counts of all kinds
    key: str = ""  # of the metric; empty: the plural
    name: str = ""  # empty: the plural
    side: Literal["marketing", "sales", "joint"] = "joint"
    better: Literal["up", "down", ""] = "up"
    only: tuple[str, str] | None = None  # (field, value): rows with another value do not count


@dataclass(frozen=True)
class Timeline:
    """What the time line of a buyer shows of the records.

    Each select has the columns kind, moment, id, whether only the day is known, title, detail, who, amount, currency
    and, of a span, its end. It finds the rows of a buyer by %(leads)s, %(contacts)s and %(accounts)s; %(zone)s is the
    company's time zone.
    """

    label: str  # of its filter
    selects: tuple[str, ...]
    position: int
    key: str = ""  # of its filter in the address; empty: the name of the kind


@dataclass(frozen=True, eq=False)
class RecordKind:
    """One kind of record. The model says who may see a record (`OWNED_THROUGH`, `PERSONAL`, `RIGHT`) and what it is called."""

    model: type[Record]
    rank: int  # where its files come in an import: after those of the kinds that it points to
    # For the API: every field by name, so that nothing new is shown by accident.
    fields: tuple[str, ...]
    ordering: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    ranges: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    is_pushed: bool = False  # other systems may write it
    # For the facts.
    not_in_facts: tuple[str, ...] = ()
    link_names: tuple[str, ...] = ()  # other names of links to it: a line has an `invoice`, an owner a `manager`
    money: Money | None = None
    # For imports.
    part_of: tuple[str, ...] = ()  # links: it is removed together with the record behind one of them
    is_event: bool = False  # equal rows of a file are one record each
    has_natural_key: bool = False  # what makes the id of a row without one is a key by nature
    is_made_by_name: bool = False  # a row that names one which is not there makes it
    alike_by: tuple[str, ...] = ()  # by which fields two records are listed as possible duplicates
    id_prefixes: tuple[str, ...] = ()  # how its Salesforce ids begin; those of custom objects begin with a
    proposed: int = 0  # its turn among the kinds that an unknown file is tried as; 0: never
    headers: Mapping[str, list[str]] = field(default_factory=dict)  # other names of columns, by field
    # For metrics.
    columns: tuple[Column, ...] = ()  # of the drill-down list
    stock_columns: tuple[Column, ...] = ()  # of the list of those open on a day, where that is another
    cuts: Mapping[str, Cut] = field(default_factory=dict)
    count: Count | None = None
    timeline: Timeline | None = None

    @cached_property
    def name(self) -> str:
        return kind_of(self.model)

    @cached_property
    def plural(self) -> str:
        """Its name in the API, the facts and the metrics."""
        return str(self.model._meta.verbose_name_plural).replace(" ", "_")

    @property
    def dated_money(self) -> Money | None:
        """The money that metrics convert, where there is some."""
        return self.money if self.money and self.money.days else None

    @property
    def table(self) -> str:
        return self.model._meta.db_table
