"""Pull what changed from a CRM by its API, write it down as the CRM's own export would, and let the import take it."""
