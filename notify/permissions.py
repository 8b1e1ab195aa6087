"""Who may mark notices as read."""

from team.authorization import EVERYONE, Action, register

READ_NOTICES = register(
    Action("read_notices", "mark these notices as read", "the person told", roles=EVERYONE, addresses=("read_notices",))
)
