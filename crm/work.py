"""The workers of this app, found when Django starts."""

from crm.connectors import work as connectors
from crm.imports import work as imports

__all__ = ["connectors", "imports"]
