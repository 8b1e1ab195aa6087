"""From a file to records: inspect it, check each row, stage, upsert, resolve links."""
