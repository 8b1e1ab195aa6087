"""What all of the API shares: paging by key, filters, one shape of error, scopes, a rate per token."""
