"""The pages of attribution, and the right to what they show."""

from team.access import SEES_ALL, can_see_all_buyers, declare_right
from team.navigation import Page, register_page

# credits count all records of the company, also in periods that are not whole months
declare_right("see_campaigns", SEES_ALL, also=can_see_all_buyers)

register_page(Page("Campaigns", "campaigns", icon="megaphone", group="Results", position=35, right="see_campaigns"))
