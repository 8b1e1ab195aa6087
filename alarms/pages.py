"""The pages of alarms, and the right to set what they look for."""

from team.access import LEADERS, declare_right
from team.models import Role

declare_right("set_detectors", LEADERS | {Role.OPS})
