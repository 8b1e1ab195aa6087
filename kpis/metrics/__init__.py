"""The declarations, one per metric. A new module here is found by itself."""
