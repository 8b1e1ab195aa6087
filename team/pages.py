"""The pages of the company and its people."""

from team.access import declare_right
from team.models import Role
from team.navigation import Page, register_page

declare_right("manage_company", {Role.OPS})

register_page(Page("People", "people", icon="users", group="Settings", position=10, right="manage_company"))
register_page(Page("Company", "company", icon="building-office", group="Settings", position=20, right="manage_company"))
