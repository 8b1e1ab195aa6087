"""Who may bring records in, by file, connector or API, say how they are read, and take them back."""

from team.authorization import Action, register

IMPORTERS = "the CMO, the CRO or an ops admin"

IMPORT_RECORDS = register(
    Action(
        "import_records", "import files or change how they are read", IMPORTERS, right="import",
        addresses=(
            "imports", "cancel_import", "bring_in", "choose_duplicates", "choose_zone", "choose_source", "choose_currency", "file_mapping", "mapping_text",
            "answer_file", "leave_out_file", "take_in_file", "forget_mapping", "forget_zone",
        ),
    )
)  # fmt: skip
UNDO_IMPORT = register(Action("undo_import", "undo an import", IMPORTERS, right="import", addresses=("undo_import",)))
PUSH_RECORDS = register(
    Action(
        "push_records", "send records by the API", IMPORTERS, right="import",
        addresses=("api-leads-list", "api-touches-list", "api-usage_events-list", "api-line_items-list", "api-subscriptions-list"),
    )
)  # fmt: skip
MAP_STAGES = register(
    Action(
        "map_stages", "say what the stages of a source mean", IMPORTERS, right="import",
        addresses=("change_stage", "confirm_stage", "undo_stage"),
    )
)  # fmt: skip
ENTER_RATE = register(
    Action("enter_rate", "enter an exchange rate", IMPORTERS, right="import", addresses=("exchange_rates",))
)
MANAGE_CONNECTORS = register(
    Action(
        "manage_connectors", "manage connectors", IMPORTERS, right="import",
        addresses=(
            "add_connector", "edit_connector", "pull_now", "remove_connector", "connector_on", "connector_off",
            "connector_stop", "connector_again",
        ),
    )
)  # fmt: skip
