"""Who may do what, and who sees whose: one table of rights, one notion of a team. Every room asks here."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from team.models import Company, Role, User

LEADERS = {Role.CEO, Role.CMO, Role.CRO}
SEES_ALL = LEADERS | {Role.OPS, Role.CFO}

RIGHTS: dict[str, set[str]] = {
    "import": {Role.OPS, Role.CMO, Role.CRO},
    "manage_company": {Role.OPS},
    "recompute": {Role.OPS, Role.CMO, Role.CRO, Role.CFO, Role.CEO},
    "route": {Role.OPS, Role.CRO},
    "see_scores": SEES_ALL | {Role.MARKETER},
    "see_spend": SEES_ALL | {Role.MARKETER},
    "set_goal": LEADERS | {Role.CFO},
    "set_scores": {Role.OPS, Role.CMO, Role.CRO},
    "set_benchmark": {Role.CFO, Role.OPS},
    "spot": {Role.REP, Role.SUPPORT, Role.MARKETER, Role.CMO, Role.CRO, Role.CEO},
    "work_leads": {Role.REP, Role.CRO, Role.SUPPORT},
}


def may(user: User | AnonymousUser, right: str) -> bool:
    """Tell whether the user's role has the right."""
    return bool(user.is_authenticated and user.is_active and (user.is_superuser or user.role in RIGHTS[right]))


View = Callable[..., HttpResponseBase]


def needs(right: str) -> Callable[[View], View]:
    """Let only people with the right into a page: others are refused, and whoever is not signed in is asked to."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if not may(request.user, right):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return login_required(guarded)

    return guard


def takes_uploads(right: str) -> Callable[[View], View]:
    """Mark a page that takes files: whoever has the right may send it more than a form holds."""

    def mark(view: View) -> View:
        view.upload_right = right  # type: ignore[attr-defined]
        return view

    return mark


def upload_right(view: View) -> str:
    """Return the right with which files may be sent to a page; empty where it takes none."""
    return str(getattr(view, "upload_right", ""))


def sees_all_buyers(user: User | AnonymousUser) -> bool:
    """True for leaders, ops and finance always, and for everybody while the company is open."""
    if not user.is_authenticated:
        return False
    if user.role in SEES_ALL or user.is_superuser:
        return True
    return Company.get().visibility == Company.Visibility.OPEN


def team_ids(user: User) -> set[int]:
    """Return the ids of the user, of everybody who shares the manager, and of everybody under the user."""
    peers = {user.pk}
    if user.manager_id:
        peers |= set(User.objects.filter(manager_id=user.manager_id).values_list("pk", flat=True))
    return peers | reports_of(user)


def reports_of(user: User) -> set[int]:
    """Return the ids of everybody who reports to the user, directly or through others."""
    found: set[int] = set()
    level = {user.pk}
    while level:
        level = set(User.objects.filter(manager_id__in=level).values_list("pk", flat=True)) - found
        found |= level
    return found


def own_ids(user: User) -> set[int]:
    """Return whose work lists and quotas the user sees: one's own, and one's reports' for a manager."""
    return {user.pk} | reports_of(user)


def achievement_ids(user: User | AnonymousUser) -> set[int] | None:
    """Return whose achievement against plan the user may see; None means everybody's."""
    if not user.is_authenticated:
        return set()
    if user.role in SEES_ALL or user.is_superuser:
        return None
    setting = Company.get().achievement
    if setting == Company.Achievement.EVERYBODY:
        return None
    return own_ids(user) if setting == Company.Achievement.TEAM else set()
