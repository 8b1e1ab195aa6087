"""The book that the story is written into: unsaved records, linked to each other as objects."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from django.db.models.base import ModelState

from crm.models import Account, Campaign, Contact, ContentAsset, Lead, Opportunity, Product, Record, Vertical
from revops.demo.days import Calendar
from revops.demo.deals import Deal
from revops.demo.firms import Firm
from revops.demo.people import People
from revops.demo.prospects import Prospect, Run
from revops.demo.story import SOURCE
from revops.demo.world import World

Kind = TypeVar("Kind", bound=Record)


@dataclass
class Book:
    """All records by kind, and the ones that others refer to."""

    world: World
    people: People
    pages: dict[type[Record], list[Any]] = field(default_factory=dict)
    verticals: dict[str, Vertical] = field(default_factory=dict)
    products: dict[str, Product] = field(default_factory=dict)
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    accounts: dict[Firm, Account] = field(default_factory=dict)
    contacts: dict[Firm, list[Contact]] = field(default_factory=dict)
    leads: dict[Prospect, Lead] = field(default_factory=dict)
    deals: dict[Deal, Opportunity] = field(default_factory=dict)
    assets: list[ContentAsset] = field(default_factory=list)

    @property
    def calendar(self) -> Calendar:
        return self.world.calendar

    def campaign(self, run: Run | None) -> Campaign | None:
        """Return the campaign on record; leads that were bought have none."""
        return self.campaigns.get(run.plan.key) if run else None

    def write(self, kind: type[Kind], external_id: str, /, **values: Any) -> Kind:
        """Enter one record of the demo, and return it for others to refer to."""
        record = kind.__new__(kind)
        record.__dict__ |= _field_defaults(kind) | {"_state": ModelState(), "external_id": external_id}
        for name, value in values.items():
            setattr(record, name, value)
        self.pages.setdefault(kind, []).append(record)
        return record


@cache
def _field_defaults(kind: type[Record]) -> dict[str, Any]:
    """Return what a record of the kind holds before anything is said: to ask every field again takes a third of the book."""
    return kind(source=SOURCE).__dict__
