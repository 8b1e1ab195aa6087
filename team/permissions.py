"""Who may change the company, its people, its working hours, and what is one's own."""

from team.access import has_right
from team.authorization import EVERYONE, Action, register_action
from team.models import User


def _is_changeable(user: User, person: User) -> bool:
    """An owner holds every right, so only an owner changes an owner."""
    return user.is_superuser or not person.is_superuser


ADD_PERSON = register_action(
    Action("add_person", "add a person", "an ops admin", right="manage_company", addresses=("add_person",))
)
CHANGE_PERSON = register_action(
    Action(
        "change_person", "change this person", "an ops admin (and for an owner of this installation, an owner)",
        right="manage_company", condition=_is_changeable, addresses=("person",),
    )
)  # fmt: skip
RESET_TWO_FACTOR = register_action(
    Action(
        "reset_two_factor", "reset this person's second factor",
        "an ops admin (and for an owner of this installation, an owner)", right="manage_company",
        condition=_is_changeable, addresses=("reset_two_factor",),
    )
)  # fmt: skip
INVITE_PERSON = register_action(
    Action("invite_person", "invite people", "an ops admin", right="manage_company", addresses=("invite",))
)
CHANGE_COMPANY = register_action(
    Action(
        "change_company",
        "change the company's settings",
        "an ops admin",
        right="manage_company",
        addresses=("company",),
    )
)
MANAGE_TERRITORIES = register_action(
    Action(
        "manage_territories", "change territories", "an ops admin", right="manage_company",
        addresses=("add_territory", "territory", "remove_territory"),
    )
)  # fmt: skip
MANAGE_CALENDARS = register_action(
    Action(
        "manage_calendars", "change working hours", "an ops admin", right="manage_company",
        addresses=(
            "add_calendar", "edit_calendar", "remove_calendar", "api-calendars-list", "PUT api-calendars-detail",
            "DELETE api-calendars-detail",
        ),
    )
)  # fmt: skip
CHANGE_PROFILE = register_action(
    Action("change_profile", "change this profile", "the person themselves", roles=EVERYONE, addresses=("me",))
)
ISSUE_TOKEN = register_action(
    Action("issue_token", "issue this API token", "its owner", roles=EVERYONE, addresses=("my_tokens",))
)
REVOKE_TOKEN = register_action(
    Action(
        "revoke_token", "revoke this API token", "its owner or an ops admin", roles=EVERYONE,
        sees=lambda user, token: token.owner_id == user.pk or has_right(user, "manage_company"), addresses=("revoke_token",),
    )
)  # fmt: skip
