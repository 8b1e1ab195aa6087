"""From a file somebody was given to records: look at it, check each row, stage, upsert, tie the loose ends."""
