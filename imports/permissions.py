"""Who may import records by file or API, decide how they are read, and undo an import."""

from crm.permissions import IMPORTERS
from crm.registry import kinds_by_plural
from team.authorization import Action, register_action

IMPORT_RECORDS = register_action(
    Action(
        "import_records", "import files or change how they are read", IMPORTERS, right="import",
        addresses=(
            "imports", "cancel_import", "confirm_import", "choose_duplicates", "choose_zone", "choose_source", "choose_currency", "file_mapping", "mapping_text",
            "answer_file", "leave_out_file", "include_file", "forget_mapping", "forget_zone",
        ),
    )
)  # fmt: skip
UNDO_IMPORT = register_action(
    Action("undo_import", "undo an import", IMPORTERS, right="import", addresses=("undo_import",))
)
PUSH_RECORDS = register_action(
    Action(
        "push_records", "send records by the API", IMPORTERS, right="import",
        addresses=tuple(f"api-{name}-list" for name, kind in kinds_by_plural().items() if kind.is_pushed),
    )
)  # fmt: skip
