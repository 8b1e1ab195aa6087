"""What an empty cell says of a record that is here: nothing, so the value stays, or that there is no value any more.

Templates of Accord, and files with fewer columns than an earlier one of their kind, leave values as they are; other files empty
them. Either can be chosen for a file as long as the import waits, and on the command line.
"""

from imports.models import FileState, ImportFile

EMPTY, LEAVE, CLEAR = "empty", "leave", "clear"
TREATMENTS = {LEAVE: "They leave the value unchanged", CLEAR: "They empty the value"}
COMPARED_WITH = 20  # earlier files


def empty_cell_treatment(file: ImportFile, is_template: bool) -> tuple[str, str]:
    """Return (what empty cells of a file do, what says so)."""
    if answer := file.answers.get(EMPTY):
        return answer, "Chosen by a person"
    if is_template:
        return LEAVE, "A template of Accord"
    if has_fewer_columns(file):
        return LEAVE, "The file has fewer columns than an earlier one of its kind"
    return CLEAR, "An export with all its columns"


def has_fewer_columns(file: ImportFile) -> bool:
    """Return whether an earlier file of its source and kind had more columns."""
    before = ImportFile.objects.filter(
        source=file.source, kind=file.kind, state=FileState.DONE, run__undone_at=None
    ).exclude(run=file.run_id)
    headers = before.order_by("-pk").values_list("header", flat=True)[:COMPARED_WITH]
    return any(len(header) > len(file.header) for header in headers)
