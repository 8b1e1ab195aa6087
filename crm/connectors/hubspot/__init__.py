"""HubSpot: its search for what changed, its owners, pipelines, associations and the history of deal stages."""

from crm.connectors.hubspot.reader import HubSpot

__all__ = ["HubSpot"]
