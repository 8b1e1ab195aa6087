"""Who sees the figures of alarms and detectors. Every page, address of the API, export and badge asks here.

An alarm is a figure of the whole company over weeks or days, which are not whole months. Such a figure is published to
those who may read every buyer (`kpis/visibility.py`); others see the alarms that they own. An alarm that is filtered by a
colleague tells what that colleague achieved, and is for those who may see everyone's achievement, and for its owner.
"""

from collections.abc import Iterable, Mapping

from kpis.dimensions import DIMENSIONS
from team.access import achievement_ids, can_see_all_buyers
from team.models import User


def colleague_dimensions() -> list[str]:
    """Return the names of the dimensions whose parts are colleagues."""
    return [name for name, dimension in DIMENSIONS.items() if dimension.names == "colleague"]


def sees_achievement(user: User) -> bool:
    """Whether the person may see what every colleague achieved."""
    return achievement_ids(user) is None


def may_read_figures(user: User, where: Mapping[str, str], owners: Iterable[int | None] = ()) -> bool:
    """Whether the person may read a figure of the company over any days.

    Args:
        where: the filters of the figure, by dimension.
        owners: the ids of those who act on it.
    """
    if user.pk in set(owners):
        return True
    names_colleague = not where.keys().isdisjoint(colleague_dimensions())
    return can_see_all_buyers(user) and (not names_colleague or sees_achievement(user))
