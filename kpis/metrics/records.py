"""How many records of each kind there are, by the day each belongs to."""

from crm.rates.conversion import first_day
from crm.record_kind import Count, RecordKind
from crm.registry import kinds_by_name
from kpis.deals import closed_day, count_one, is_closed, is_lost, is_no_decision, is_won, opened_day
from kpis.registry import Measure, Metric, OwnerSide, register_metric
from kpis.rows import Build


def _register_count(
    key: str,
    name: str,
    table: str,
    what: str,
    day: Build,
    *,
    cut: str = "source_system",
    keep: Build | None = None,
    side: OwnerSide = "joint",
    section: str = "Records",
    better: str = "up",
) -> None:
    register_metric(
        Metric(
            key=key,
            name=name,
            definition=what,
            formula=f"count of {name.lower()}",
            unit="count",
            better=better,  # type: ignore[arg-type]
            owner_side=side,
            measures=(Measure(table, day=day, keep=keep, numerator=count_one),),
            default_cut=cut,
            section=section,
        )
    )


_register_count(
    "opportunities", "Opportunities", "opportunities", "Deals, by the day they were opened, whatever their outcome.",
    opened_day, cut="owner", side="sales", section="Outcomes",
)  # fmt: skip
for key, name, definition, keep, better in [
    ("opportunities_won", "Opportunities won", "Deals won, by the day they closed.", is_won, "up"),
    ("opportunities_lost", "Opportunities lost", "Deals lost, by the day they closed.", is_lost, "down"),
    ("opportunities_undecided", "Opportunities without decision", "Deals that ended without a decision, by the day they closed.", is_no_decision, "down"),
    ("opportunities_closed", "Opportunities closed", "Deals that ended, whatever the outcome, by the day they closed.", is_closed, "up"),
]:  # fmt: skip
    _register_count(
        key,
        name,
        "opportunities",
        definition,
        closed_day,
        cut="owner",
        keep=keep,
        side="sales",
        section="Outcomes",
        better=better,
    )


def register_kind_count(kind: RecordKind, count: Count) -> None:
    """Register the metric that counts the records of a kind."""
    plural = kind.plural.replace("_", " ").capitalize()
    _register_count(
        count.key or kind.plural,
        count.name or plural,
        kind.plural,
        count.definition,
        lambda row: first_day(*(row[path] for path in count.days)),
        keep=_keep_only(*count.only) if count.only else None,
        cut=count.cut,
        side=count.side,
        better=count.better,
    )


def _keep_only(name: str, value: str) -> Build:
    return lambda row: row[name].fill_null(value) == value


COUNTS = [(kind, kind.count) for kind in kinds_by_name().values() if kind.count]
for kind, count in sorted(COUNTS, key=lambda each: each[1].position):
    register_kind_count(kind, count)
