"""Who may manage connectors."""

from crm.permissions import IMPORTERS
from team.authorization import Action, register_action

MANAGE_CONNECTORS = register_action(
    Action(
        "manage_connectors", "manage connectors", IMPORTERS, right="import",
        addresses=(
            "add_connector", "edit_connector", "pull_now", "remove_connector", "connector_on", "connector_off",
            "connector_stop", "connector_again",
        ),
    )
)  # fmt: skip
