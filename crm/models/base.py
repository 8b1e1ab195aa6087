"""What every record of a CRM has in common, and the one door through which people see records."""

from collections.abc import Callable
from typing import Any, ClassVar, Self, cast

import pgtrigger
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL

from facts.models import Recorded
from team.access import can_see_all_buyers, has_right, own_ids, team_ids
from team.models import User, currency_code

InHands = Callable[[User], models.QuerySet[Any]]
IN_HANDS: dict[str, InHands] = {}


def in_hands(label: str, ids: InHands) -> None:
    """Let people see records of a kind that are in their hands though they do not own them.

    Rooms above fill this; `ids` returns the ids that are in a user's hands.
    """
    IN_HANDS[label] = ids


class RecordQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Return the rows that this user may read; every page, list, API and drill-down starts here."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        model: type[Record] = self.model
        if model.RIGHT and not has_right(user, model.RIGHT):
            return self.none()
        if not model.OWNED_THROUGH or (can_see_all_buyers(user) and not model.PERSONAL):
            return self
        return self._owned_by(user)

    def _owned_by(self, user: User) -> Self:
        from team.access import SEES_ALL

        if self.model.PERSONAL:
            if user.role in SEES_ALL or user.is_superuser:
                return self
            people = own_ids(user)
        else:
            people = team_ids(user)
        rows = Q()
        for path in self.model.OWNED_THROUGH:
            rows |= Q(**{f"{path}__user_id__in": people}) | self._in_hands(path, user)
        return self.filter(rows)

    def _in_hands(self, path: str, user: User) -> Q:
        """Whether the record at whose owner the path ends is in the user's hands."""
        steps = path.split("__")[:-1]
        model: type[models.Model] = self.model
        for step in steps:
            model = cast(type[models.Model], model._meta.get_field(step).related_model)
        ids = IN_HANDS.get(model._meta.label)
        return Q(**{"__".join([*steps, "pk__in"]): ids(user)}) if ids else Q()


CURRENT_IMPORT = RawSQL("nullif(current_setting('accord.import', true), '')::bigint", ())
KEEP_BEFORE = pgtrigger.Trigger(
    name="keep_before",
    level=pgtrigger.Statement,
    when=pgtrigger.After,
    operation=pgtrigger.Update,
    referencing=pgtrigger.Referencing(old="before_rows"),
    condition=pgtrigger.Condition("coalesce(current_setting('accord.import', true), '') <> ''"),
    func="""
        INSERT INTO imports_rowversion (run_id, "table", row_id, image)
        SELECT current_setting('accord.import')::bigint, TG_TABLE_NAME, b.id, to_jsonb(b) FROM before_rows b
         WHERE b.first_import_id IS DISTINCT FROM current_setting('accord.import')::bigint
        ON CONFLICT (run_id, "table", row_id) DO NOTHING;
        RETURN NULL;
    """,
)


class Record(Recorded):
    """A row that came from a source system, under the id it has there.

    `pending` holds references that name rows not here yet ({"account": "001…"}); they are resolved when those
    rows arrive. `custom` holds columns that Accord has no field for.
    """

    OWNED_THROUGH: ClassVar[tuple[str, ...]] = ()  # paths to crm.Owner; empty: no one's own, so everyone's
    PERSONAL: ClassVar[bool] = False  # one's own (and one's reports') whatever the company's visibility
    RIGHT: ClassVar[str] = ""  # a right of team.access that reading needs

    source = models.CharField(max_length=40, default="accord")
    external_id = models.CharField(max_length=255)
    custom = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()), blank=True)
    pending = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()), blank=True)
    created_at = models.DateTimeField(null=True, blank=True, help_text="When it was made in the source.")
    modified_at = models.DateTimeField(null=True, blank=True, help_text="When it was last changed in the source.")
    last_import_id = models.BigIntegerField(null=True, blank=True, editable=False)
    first_import_id = models.BigIntegerField(null=True, blank=True, editable=False, db_default=CURRENT_IMPORT)

    objects = RecordQuerySet.as_manager()

    class Meta(Recorded.Meta):
        abstract = True
        triggers: ClassVar[list[pgtrigger.Trigger]] = [*Recorded.Meta.triggers, KEEP_BEFORE]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["source", "external_id"], name="%(class)s_source_id"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["source"], name="%(class)s_pending", condition=~Q(pending={})),
        ]

    def __str__(self) -> str:
        return str(getattr(self, "name", "") or self.external_id)


def money_field(**options: Any) -> models.DecimalField:
    return models.DecimalField(max_digits=16, decimal_places=2, null=True, blank=True, **options)


def currency_field() -> models.CharField:
    return models.CharField(max_length=3, blank=True, db_default="", default="", validators=[currency_code])


def text_field(length: int = 255) -> models.CharField:
    return models.CharField(max_length=length, blank=True, default="", db_default="")


def reference_field(to: str, **options: Any) -> Any:
    """A link that may be empty and never blocks the deletion of what it points to."""
    return models.ForeignKey(to, on_delete=models.SET_NULL, null=True, blank=True, **options)
