"""What every page says when the runs do not keep the figures up to date."""

from typing import Any

from django import template

from kpis.run_health import run_warning
from team.access import has_right
from team.models import Company, User

register = template.Library()


@register.inclusion_tag("kpis/run_warning.html")
def stale_figures(user: User) -> dict[str, Any]:
    """Warn of figures that a run should have brought up to date: {% stale_figures user %}."""
    warning = run_warning()
    return {
        "warning": warning,
        "may_open": has_right(user, "recompute"),
        "zone": Company.get().zone if warning else None,
    }
