"""The pages of metrics, and the rights to what they show and steer."""

from team.access import LEADERS, SEES_ALL, can_see_all_buyers, declare_right
from team.models import Role
from team.navigation import Page, register_page

declare_right("recompute", {Role.OPS, Role.CMO, Role.CRO, Role.CFO, Role.CEO})
# effort is judged over all accounts of the company
declare_right("see_cost_drivers", SEES_ALL, also=can_see_all_buyers)
declare_right("set_goal", LEADERS | {Role.CFO})
declare_right("set_benchmark", {Role.CFO, Role.OPS})
# rates and goals of the whole company, by sources and months that may be small
declare_right("see_leads_needed", SEES_ALL, also=can_see_all_buyers)
declare_right("see_quotas", SEES_ALL | {Role.REP})
declare_right("see_revenue", SEES_ALL)  # margins, and what single segments cost
declare_right("replay_plans", SEES_ALL)  # pay of all reps

register_page(Page("Dashboard", "dashboard", icon="presentation-chart-line", group="Results", position=10))
register_page(Page("Pipeline", "pipeline", icon="bars-arrow-down", group="Results", position=25))
register_page(
    Page(
        "Leads needed", "leads_needed", icon="arrow-trending-up", group="Results", position=28, right="see_leads_needed"
    )
)
register_page(Page("Help to close", "help_to_close", icon="scale", group="Results", position=36, right="see_campaigns"))
register_page(
    Page(
        "New and existing revenue", "revenue", icon="currency-dollar", group="Results", position=29, right="see_revenue"
    )
)
register_page(Page("Market to cash", "cash", icon="banknotes", group="Results", position=26))
register_page(Page("Metrics", "metrics", icon="calculator", group="Results", position=30))
register_page(Page("Content", "content", icon="document-text", group="Results", position=45))
register_page(
    Page("Cost drivers", "cost_drivers", icon="truck", group="Results", position=46, right="see_cost_drivers")
)
register_page(Page("Ideal customers", "ideal_customers", icon="user-circle", group="Results", position=47))
register_page(Page("Find content", "content_finder", icon="magnifying-glass", group="Work", position=40))
register_page(Page("Quotas", "quotas", icon="scale", group="Results", position=27, right="see_quotas"))
register_page(Page("Nightly runs", "runs", icon="moon", group="Data", position=30, right="recompute"))
