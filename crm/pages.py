"""Rights to records."""

from team.access import SEES_ALL, declare_right
from team.models import Role

declare_right("see_spend", SEES_ALL | {Role.MARKETER})
