"""The pages of connectors."""

from team.navigation import Page, register_page

register_page(Page("Connectors", "connectors", icon="arrows-right-left", group="Data", position=20, right="import"))
