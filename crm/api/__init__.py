"""The records over HTTP: read-only lists and single rows, each through `visible_to(user)`."""

from crm.api.views import RECORD_VIEWS

__all__ = ["RECORD_VIEWS"]
