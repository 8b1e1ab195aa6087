"""Hand-offs: who gets a lead and why, by when it must be answered, and what happens when it is not."""
