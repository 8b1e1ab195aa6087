"""The records over HTTP: read-only lists and single rows, each through `visible_to(user)`."""

from crm.api.views import record_views

__all__ = ["record_views"]
