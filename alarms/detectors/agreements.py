"""Whether what both sides sign is signed, decided and up to date, and what of it has changed."""

from alarms.observations.agreements import CHANGED_DAYS, UNSIGNED_DAYS, observe_changes, observe_unsettled
from alarms.registry import Detector, register_detector
from team.models import Role

register_detector(
    Detector(
        key="agreements_unsettled",
        name="Agreements to settle",
        looks_for=f"Alerts when an agreement is disputed, its review is overdue, or it lacks a signature for {UNSIGNED_DAYS} days.",
        section="Agreements",
        owner=Role.OPS,
        remedy="Open the agreements, and ask those who have to sign, review or decide.",
        observe=observe_unsettled,
    )
)
register_detector(
    Detector(
        key="definition_changed",
        name="A definition has changed",
        looks_for=f"Tells for {CHANGED_DAYS} days that a definition has changed: figures before and after it measure different things.",
        section="Agreements",
        owner=Role.OPS,
        remedy="Compare figures only on the same side of the change; charts mark its day.",
        observe=observe_changes,
        is_quiet=True,
    )
)
