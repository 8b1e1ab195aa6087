"""What the sign-in page shows besides its form."""

from typing import Any

from django.http import HttpRequest

from team.models import Role, User
from team.seats import is_demo


def demo_users(request: HttpRequest) -> dict[str, Any]:
    """Give the sign-in page of the demo one user per role, in the order of the roles; give nothing elsewhere."""
    match = request.resolver_match
    if match is None or match.view_name != "account_login" or not is_demo():
        return {}
    return {"demo_users": one_per_role()}


def one_per_role() -> list[User]:
    """Return the first active user of each role."""
    first: dict[str, User] = {}
    for user in User.objects.filter(is_active=True).order_by("pk"):
        first.setdefault(user.role, user)
    return [first[role] for role in Role.values if role in first]
