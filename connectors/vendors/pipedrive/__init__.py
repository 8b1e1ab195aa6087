"""Pipedrive by its v2 API; users, leads and the log of a deal's changes are still v1's."""
