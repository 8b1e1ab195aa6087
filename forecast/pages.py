"""The pages of forecasts, and the right to see them."""

from team.access import SEES_ALL, declare_right
from team.models import Role
from team.navigation import Page, register_page

declare_right("see_forecast", SEES_ALL | {Role.REP, Role.MARKETER})

register_page(Page("Forecast", "forecast", icon="chart-bar", group="Results", position=20, right="see_forecast"))
