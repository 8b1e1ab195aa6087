"""HubSpot: its search for what changed, its owners, pipelines, associations and the history of deal stages."""
