"""Writing the story down: one module per part of the records, each entering its rows in the book."""
