"""The step of the nightly run that divides leads and deals over the touches before them."""

import hashlib

from attribution.credits import compute_credits
from attribution.facts import CREDITS
from facts import derived
from facts.engine import open_facts
from facts.models import Snapshot
from facts.refresh import Progress
from facts.steps import Step, register_step
from team.models import Company

INPUTS = ("touches", "activities", "leads", "contacts", "campaigns", "opportunities", "day_rates")
SETTINGS = (
    "journey_basis",
    "attribution_half_life",
    "counts_incoming_activities",
    "currency",
    "foreign_amounts",
    "time_zone",
)


def update_credits(progress: Progress) -> int:
    """Compute the credits of the newest facts; nothing is done when neither the records nor the settings changed."""
    facts, company = open_facts(), Company.get()
    if facts.snapshot is None or facts.as_of is None:
        return 0
    digest = digest_inputs(facts.snapshot, company)
    if derived.digest_of_copy(CREDITS, facts.snapshot) == digest:
        return 0
    progress(0, 1, "credits")
    snapshot = derived.write_table(CREDITS, compute_credits(facts, company, facts.as_of), facts.snapshot, digest)
    return int(snapshot.rows[CREDITS.name])


def digest_inputs(snapshot: Snapshot, company: Company) -> str:
    """Return a hash of all that the credits depend on."""
    tables = [(name, snapshot.versions.get(name), snapshot.lake_ids.get(name)) for name in INPUTS]
    settings = [(name, str(getattr(company, name))) for name in SETTINGS]
    return hashlib.sha256(repr((CREDITS.shape, tables, settings)).encode()).hexdigest()


register_step(Step("attribution", "Divide deals and leads over their touches", update_credits))
