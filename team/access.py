"""Rights by role and visibility by team, as every app asks for them."""

from collections.abc import Callable, Iterable
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from team.models import Company, Role, User

LEADERS = {Role.CEO, Role.CMO, Role.CRO}
SEES_ALL = LEADERS | {Role.OPS, Role.CFO}

Holds = Callable[[User], bool]

RIGHTS: dict[str, frozenset[str]] = {}  # by the key of the right; each app declares its own in `pages.py`
_HOLDERS: dict[str, Holds] = {}  # who has a right whatever their role
_WITHOUT_OWNER: set[str] = set()  # rights that the owner of the installation does not have by that alone


def declare_right(key: str, roles: Iterable[str], *, also: Holds | None = None, is_owners: bool = True) -> None:
    """Declare which roles have a right: to pages, and to the actions of `permissions.py` that name it.

    `also` tells who has it whatever their role. With `is_owners=False` the owner of the installation needs a role too.
    """
    if key in RIGHTS:
        raise ValueError(f"Two rights are called {key}.")
    RIGHTS[key] = frozenset(roles)
    if also:
        _HOLDERS[key] = also
    if not is_owners:
        _WITHOUT_OWNER.add(key)


def has_right(user: User | AnonymousUser, right: str) -> bool:
    """Tell whether the user has the right: by role, as the owner of the installation, or by a seat that they hold."""
    if not user.is_authenticated or not user.is_active:
        return False
    if user.role in RIGHTS[right] or (user.is_superuser and right not in _WITHOUT_OWNER):
        return True
    return right in _HOLDERS and _HOLDERS[right](user)


View = Callable[..., HttpResponseBase]


def require_right(right: str) -> Callable[[View], View]:
    """Open a view only to users with the right; anonymous users are sent to the sign-in page."""

    def decorator(view: View) -> View:
        @wraps(view)
        def check_right(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if not has_right(request.user, right):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return login_required(check_right)

    return decorator


def accept_uploads(right: str) -> Callable[[View], View]:
    """Mark a view that accepts files: users with the right may send more than the size limit of a form."""

    def mark_view(view: View) -> View:
        view.upload_right = right  # type: ignore[attr-defined]
        return view

    return mark_view


def upload_right(view: View) -> str:
    """Return the right with which files may be sent to a page; empty where it takes none."""
    return str(getattr(view, "upload_right", ""))


def can_see_all_buyers(user: User | AnonymousUser) -> bool:
    """True for leaders, ops and finance always, and for everyone while the company is open."""
    if not user.is_authenticated:
        return False
    if user.role in SEES_ALL or user.is_superuser:
        return True
    return Company.get().visibility == Company.Visibility.OPEN


def team_ids(user: User) -> set[int]:
    """Return the ids of the user, of everyone who shares the manager, and of everyone under the user."""
    peers = {user.pk}
    if user.manager_id:
        peers |= set(User.objects.filter(manager_id=user.manager_id).values_list("pk", flat=True))
    return peers | reports_of(user)


def reports_of(user: User) -> set[int]:
    """Return the ids of everyone who reports to the user, directly or through others."""
    reports: set[int] = set()
    level = {user.pk}
    while level:
        level = set(User.objects.filter(manager_id__in=level).values_list("pk", flat=True)) - reports
        reports |= level
    return reports


def own_ids(user: User) -> set[int]:
    """Return whose work lists and quotas the user sees: one's own, and one's reports' for a manager."""
    return {user.pk} | reports_of(user)


def achievement_ids(user: User | AnonymousUser) -> set[int] | None:
    """Return whose achievement against plan the user may see; None means everyone's."""
    if not user.is_authenticated:
        return set()
    if user.role in SEES_ALL or user.is_superuser:
        return None
    setting = Company.get().achievement
    if setting == Company.Achievement.EVERYBODY:
        return None
    return own_ids(user) if setting == Company.Achievement.TEAM else set()
