"""The pages of what the people answer and what both sides sign beyond single agreements."""

from team.navigation import Page, register_page

register_page(Page("Alignment", "workspace", icon="check-badge", group="Agreements", position=5))
register_page(Page("Accountability", "matrix", icon="table-cells", group="Agreements", position=30))
register_page(Page("Lexicon", "lexicon", icon="book-open", group="Agreements", position=40))
