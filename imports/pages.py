"""The pages of imports."""

from team.access import declare_right
from team.models import Role
from team.navigation import Page, register_page

declare_right("import", {Role.OPS, Role.CMO, Role.CRO})

register_page(Page("Imports", "imports", icon="arrow-up-tray", group="Data", position=10, right="import"))
