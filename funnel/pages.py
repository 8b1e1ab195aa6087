"""The pages of the funnel, of verdicts, SLAs and routing."""

from team.access import declare_right
from team.models import Role
from team.navigation import Page, register_page

declare_right("route", {Role.OPS, Role.CRO})
declare_right("spot", {Role.REP, Role.SUPPORT, Role.MARKETER, Role.CMO, Role.CRO, Role.CEO})
declare_right("work_leads", {Role.REP, Role.CRO, Role.SUPPORT})

register_page(Page("Inbox", "inbox", icon="inbox-arrow-down", group="Work", position=10, right="work_leads"))
register_page(Page("Funnel", "funnel", icon="funnel", group="Results", position=20))
register_page(Page("Verdicts", "verdicts", icon="hand-thumb-up", group="Results", position=40))
register_page(Page("SLAs", "slas", icon="clock", group="Results", position=50))
register_page(Page("Routing", "routing", icon="arrows-pointing-out", group="Leads", position=20, right="route"))
