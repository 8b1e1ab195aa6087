"""The periodic update of the joint plan, written by both leaders and frozen when both have presented it."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q

from team.models import Side, User


class PlanUpdate(models.Model):
    """One update: each side's text, what moved since the one before, and the figures of the day it was presented.

    It is a draft until both sides have presented it; from then on the database refuses changes.
    """

    number = models.PositiveIntegerField(unique=True)
    drafted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField(auto_now_add=True)
    due_on = models.DateField(null=True, blank=True, help_text="The day by which it was to be presented.")
    marketing_text = models.TextField(blank=True, default="")
    sales_text = models.TextField(blank=True, default="")
    marketing_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    marketing_at = models.DateTimeField(null=True, blank=True)
    sales_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    sales_at = models.DateTimeField(null=True, blank=True)
    presented_at = models.DateTimeField(null=True, blank=True, help_text="When the second side presented it.")
    figures: Any = models.JSONField(default=list, blank=True, help_text="The goals as they stood on that day.")
    next_due_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["presented_at"], condition=Q(presented_at=None), nulls_distinct=False, name="one_open_update"
            ),
            models.CheckConstraint(
                condition=Q(presented_at=None)
                | Q(marketing_at__isnull=False, sales_at__isnull=False, next_due_on__isnull=False),
                name="update_presented_by_both",
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(
                name="keep_presented_updates",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__presented_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"Update {self.number}"

    @property
    def is_presented(self) -> bool:
        return self.presented_at is not None

    def text_of(self, side: str) -> str:
        return self.marketing_text if side == Side.MARKETING else self.sales_text

    def presenter_of(self, side: str) -> User | None:
        return self.marketing_by if side == Side.MARKETING else self.sales_by
