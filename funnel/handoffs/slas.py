"""Which signed SLA binds a hand-off: by its stage, the moment of its move, and its owner."""

from datetime import datetime
from functools import cached_property

from django.utils import timezone

from agreements.models import Version
from funnel.handoffs.terms import Terms
from team.models import Company, User

KIND = "sla"


class SlaBook:
    """All SLAs that ever came into force; one question. What was signed today binds nothing of yesterday."""

    def __init__(self) -> None:
        versions = Version.objects.filter(agreement__kind=KIND, in_force_at__isnull=False).select_related("agreement")
        self.versions = list(versions.order_by("in_force_at", "pk"))
        self._terms = {version.pk: Terms.of(version.terms) for version in self.versions}
        self.zone = Company.get().zone

    @cached_property
    def stage_keys(self) -> list[str]:
        return sorted({terms.stage for terms in self._terms.values()})

    @property
    def since(self) -> datetime | None:
        """When the first of them came into force; no hand-off starts before."""
        return next((version.in_force_at for version in self.versions), None)

    @property
    def newest_pk(self) -> int:
        return max((version.pk for version in self.versions), default=0)

    def terms(self, version: Version | int) -> Terms:
        return self._terms[version if isinstance(version, int) else version.pk]

    def is_in_force(self, stage: str, moment: datetime) -> bool:
        """Whether any version, a pilot included, was active for the stage then."""
        return any(True for version in self.versions if self._is_binding(version, stage, moment))

    def binding(self, stage: str, moment: datetime, user: User | None) -> Version | None:
        """Return the active version then: a pilot of the person's team before the company's, the newest of each."""
        bound = [version for version in self.versions if self._is_binding(version, stage, moment)]
        teams = {user.pk, user.manager_id} - {None} if user else set()
        piloted = [version for version in bound if version.pilot_manager_id in teams]
        everybody = [version for version in bound if version.pilot_manager_id is None]
        return next(reversed([*everybody, *piloted]), None)

    def _is_binding(self, version: Version, stage: str, moment: datetime) -> bool:
        assert version.in_force_at
        begun = version.in_force_at <= moment
        ended = version.ended_at is not None and version.ended_at <= moment
        day = timezone.localtime(moment, self.zone).date()
        expired = version.expires_on is not None and version.expires_on < day
        return self.terms(version).stage == stage and begun and not ended and not expired
