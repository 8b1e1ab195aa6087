"""The two people who answer for a joint goal: one in Marketing, one in Sales."""

from django.db.models import Q, QuerySet

from agreements.signing import seat_holder
from team.models import SIDES, Role, Side, User

LEADER_ROLES = {Side.MARKETING: Role.CMO, Side.SALES: Role.CRO}
OWNER_FIELDS = {Side.MARKETING: "marketing_owner", Side.SALES: "sales_owner"}


def find_default_owner(side: Side) -> User | None:
    """Return who signs for the side, else the first of its leaders; None where the company has neither."""
    leaders = User.objects.filter(role=LEADER_ROLES[side], is_active=True).order_by("pk")
    return seat_holder(side) or leaders.first()


def possible_owners(side: Side) -> QuerySet[User]:
    """Return the active people of the side, and who signs for it."""
    roles = [role for role, side_of_role in SIDES.items() if side_of_role == side]
    holder = seat_holder(side)
    is_of_side = Q(role__in=roles) | Q(pk=holder.pk if holder else None)
    return User.objects.filter(is_of_side, is_active=True).order_by("name", "pk")
