"""Who may do what: one declaration for each deliberate write, asked by the action itself.

An app declares its actions in a module `permissions.py`, found when Django starts. The function that writes calls
`require`; pages, the API and commands only translate its answer, and pages ask `allows` to show a button or not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from team.access import RIGHTS, has_right
from team.models import Role, User

Condition = Callable[[User, Any], bool]
EVERYONE: frozenset[str] = frozenset(Role.values)


@dataclass(frozen=True)
class Action:
    """A deliberate write, and who may do it.

    Either `roles` or a `right` of `team.access` opens it; a right also belongs to the owner of the installation, a set
    of roles does not. `condition` narrows it to some objects. `sees` tells whether the person may know of the object.
    """

    key: str
    label: str  # completes "You cannot …"
    who: str  # completes "Only … can."
    roles: frozenset[str] = frozenset()
    right: str = ""
    condition: Condition | None = None
    sees: Condition | None = None
    describe_who: Callable[[Any], str] | None = None  # `who` for one object, with names
    addresses: tuple[str, ...] = ()  # the names of the URLs that lead to it, with the method where it is not POST

    def is_open_to(self, user: User | AnonymousUser) -> bool:
        """Tell whether the person may ever do it, to some object."""
        if not user.is_authenticated or not user.is_active:
            return False
        return has_right(user, self.right) if self.right else user.role in self.roles

    def allows(self, user: User | AnonymousUser, target: Any = None) -> bool:
        """Tell whether the person may do it to the object."""
        if not user.is_authenticated or not self.is_open_to(user):
            return False
        if self.sees and not self.sees(user, target):
            return False
        return self.condition is None or self.condition(user, target)

    def require(self, user: User, target: Any = None) -> None:
        """Let only those pass who may do it to the object.

        Raises:
            Http404: the person may not know of the object.
            PermissionDenied: with who may do it.
        """
        if self.sees and not self.sees(user, target):
            raise Http404("This record does not exist, or you do not have permission to see it.")
        if not self.is_open_to(user) or (self.condition and not self.condition(user, target)):
            raise PermissionDenied(self.refusal(target))

    def refusal(self, target: Any = None) -> str:
        """Return the sentence that a refused person reads."""
        who = self.describe_who(target) if self.describe_who and target is not None else self.who
        return f"You cannot {self.label}. Only {who} can."

    @property
    def open_roles(self) -> list[Role]:
        """The roles that may ever do it, in the order in which roles are listed."""
        allowed = RIGHTS[self.right] if self.right else self.roles
        return [role for role in Role if role in allowed]


_actions: dict[str, Action] = {}


def register_action(action: Action) -> Action:
    """Declare an action; its key is free."""
    if action.key in _actions:
        raise ValueError(f"Two actions are called {action.key}.")
    if bool(action.roles) == bool(action.right):
        raise ValueError(f"{action.key} names either roles or a right.")
    _actions[action.key] = action
    return action


def all_actions() -> list[Action]:
    """Return every declared action, in the order of the apps."""
    return list(_actions.values())


def rights_as_markdown() -> str:
    """Return the table of rights in Markdown, as docs/permissions.md shows it."""
    lines = ["| action | roles | who exactly |", "|---|---|---|"]
    for action in all_actions():
        roles = "everyone" if action.roles == EVERYONE else ", ".join(role.label for role in action.open_roles)
        lines.append(f"| {action.label[0].upper()}{action.label[1:]} | {roles} | {action.who} |")
    return "\n".join(lines)
