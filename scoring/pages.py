"""The pages of scores."""

from team.access import SEES_ALL, declare_right
from team.models import Role
from team.navigation import Page, register_page

declare_right("see_scores", SEES_ALL | {Role.MARKETER})
declare_right("set_scores", {Role.OPS, Role.CMO, Role.CRO})

register_page(Page("Scores", "scores", icon="scale", group="Leads", position=10, right="see_scores"))
