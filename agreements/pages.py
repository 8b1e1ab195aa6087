"""The pages of what both sides sign."""

from team.navigation import Page, register_page

register_page(Page("Agreements", "agreements", icon="document-check", group="Agreements", position=10))
