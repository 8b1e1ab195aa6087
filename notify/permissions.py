"""Who may mark notices as read."""

from team.authorization import EVERYONE, Action, register_action

READ_NOTICES = register_action(
    Action("read_notices", "mark these notices as read", "the recipient", roles=EVERYONE, addresses=("read_notices",))
)
