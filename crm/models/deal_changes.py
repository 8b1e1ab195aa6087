"""What a deal looked like after each write that changed it, recorded by the database itself, whatever wrote it."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q

from crm.models.base import currency_field, money_field, text_field
from facts.models import Recorded

# Set in a transaction that gives rows their earlier image back: that is no event of the deal.
RESTORING = "accord.restoring"
IS_EVENT = pgtrigger.Condition(f"coalesce(current_setting('{RESTORING}', true), '') = ''")
WATCHED = ("pipeline", "stage", "outcome", "amount", "currency", "expected_close_on", "closed_on")


def _record_states(source: str, counts_at: str) -> str:
    """Return the body of a trigger that records the rows which `source` selects."""
    columns = ", ".join(WATCHED)
    return f"""
        INSERT INTO crm_dealchange (opportunity_id, recorded_at, counts_at, import_id, {columns})
        SELECT n.id, now(), least(coalesce({counts_at}, now()), now()),
               nullif(current_setting('accord.import', true), '')::bigint, {", ".join(f"n.{name}" for name in WATCHED)}
          FROM {source};
        RETURN NULL;
    """


# A closing counts on the day that the source gives for it; a day without a time counts at its end, by the company's clock.
CLOSING = (
    "CASE WHEN n.outcome <> 'open' THEN coalesce(n.closed_at, (n.closed_on + 1)::timestamp AT TIME ZONE "
    "coalesce((SELECT c.time_zone FROM team_company c ORDER BY c.id LIMIT 1), 'UTC') - interval '1 microsecond') END"
)
OLD_VALUES, NEW_VALUES = (", ".join(f"{row}.{name}" for name in WATCHED) for row in "on")
RECORD_NEW_DEALS = pgtrigger.Trigger(
    name="record_new_deals",
    level=pgtrigger.Statement,
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    referencing=pgtrigger.Referencing(new="new_deals"),
    condition=IS_EVENT,
    func=_record_states("new_deals n", f"{CLOSING}, n.modified_at"),
)
RECORD_DEAL_CHANGES = pgtrigger.Trigger(
    name="record_deal_changes",
    level=pgtrigger.Statement,
    when=pgtrigger.After,
    operation=pgtrigger.Update,
    referencing=pgtrigger.Referencing(old="old_deals", new="new_deals"),
    condition=IS_EVENT,
    func=_record_states(
        f"new_deals n JOIN old_deals o ON o.id = n.id WHERE ({OLD_VALUES}) IS DISTINCT FROM ({NEW_VALUES})",
        f"CASE WHEN n.outcome <> o.outcome THEN {CLOSING} END, "
        "CASE WHEN n.modified_at IS DISTINCT FROM o.modified_at THEN n.modified_at END",
    ),
)


class DealChange(Recorded):
    """A deal as it was after a write: its amount, currency, dates, stage and outcome from `counts_at` on.

    `counts_at` is the moment that the source gives for the change: that of the closing, or of its last modification; else
    the moment of the write. The rows of an import carry its number, so that its undo takes them back.
    """

    opportunity = models.ForeignKey("crm.Opportunity", on_delete=models.CASCADE, related_name="changes")
    recorded_at = models.DateTimeField()
    counts_at = models.DateTimeField()
    import_id = models.BigIntegerField(null=True, blank=True, editable=False)
    pipeline = text_field()
    stage = text_field()
    outcome = models.CharField(max_length=12, default="open", db_default="open")
    amount = money_field()
    currency = currency_field()
    expected_close_on = models.DateField(null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)

    class Meta(Recorded.Meta):
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["import_id"], name="dealchange_import", condition=Q(import_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.opportunity_id} on {self.counts_at:%Y-%m-%d}"
