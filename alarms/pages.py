"""The page of alarms, its badge in the navigation, and the right to set what detectors look for."""

from alarms.queries import count_calling_for
from team.access import LEADERS, declare_right
from team.models import Role, User
from team.navigation import Badge, Page, register_page

declare_right("set_detectors", LEADERS | {Role.OPS})


def count_alarms(user: User) -> Badge | None:
    """Count the open alarms of the user; those of the others where none is theirs."""
    counts = count_calling_for(user)
    if counts.own:
        return Badge(counts.own, f"open alarms are yours, {counts.total} in all")
    return Badge(counts.total, "open alarms") if counts.total else None


register_page(Page("Alarms", "alarms", icon="bell-alert", group="Results", position=15, badge=count_alarms))
register_page(Page("Restated figures", "restated_figures", icon="arrow-path", group="Data", position=40))
