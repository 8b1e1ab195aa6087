"""What the source has deleted is deleted here too, with what hangs on it alone."""

from collections import defaultdict
from collections.abc import Iterable

from crm.record_ids import ways_to_write
from crm.registry import dependents_of
from imports.mapping.schema import model_of

BATCH = 1000


def delete_records(source: str, gone: Iterable[tuple[str, str]]) -> int:
    """Delete records by (kind, external id) and return how many there were; call it in a transaction."""
    keys: dict[str, set[str]] = defaultdict(set)
    for kind, key in gone:
        keys[kind] |= ways_to_write(source, kind, key)
    return sum(_delete_kind(source, kind, sorted(external_ids)) for kind, external_ids in keys.items())


def _delete_kind(source: str, kind: str, keys: list[str]) -> int:
    count = 0
    for start in range(0, len(keys), BATCH):
        rows = model_of(kind)._default_manager.filter(source=source, external_id__in=keys[start : start + BATCH])
        ids = list(rows.values_list("pk", flat=True))
        for model, link in dependents_of(model_of(kind)):
            model.objects.filter(**{f"{link}__in": ids}).delete()
        rows.delete()
        count += len(ids)
    return count
