"""What a stage's criteria say of one buyer now: the same rules that ask the million."""

from typing import Any

import ibis
from django.utils import timezone

from crm.live_tables import OneBuyer
from crm.models import Account, Lead
from crm.rule_fields import LINKS, SUBJECTS, Described
from facts.compiling import RuleContext, add_rule_columns
from facts.rules import describe_rule, list_conditions
from funnel.derived_fields import meanings_of, with_figures
from funnel.stages.drafts import Stage


def ask(buyer: Lead | Account, stage: Stage) -> tuple[bool, dict[str, Any]]:
    """Say whether the buyer fulfils the stage's criteria now, and which conditions hold or fail with which values."""
    one = OneBuyer(buyer)
    subject = SUBJECTS[one.subject]
    conditions = {f"c{place}": leaf for place, leaf in enumerate(list_conditions(stage.rule))}
    means = ibis.memtable(meanings_of(one))
    rows = with_figures(one, one.table(one.subject), one.subject, means)
    values = {f"v{name}": leaf for name, leaf in conditions.items()}
    tables = Described(one, one.subject)
    found = add_rule_columns(
        RuleContext(tables, timezone.now(), LINKS), subject, {"holds": stage.rule, **conditions}, rows, values
    )
    row = one.execute(found.select("holds", *conditions, *values).limit(1)).iloc[0]
    said = {describe_rule(leaf, subject): _said(row[f"v{name}"]) for name, leaf in conditions.items() if row[name]}
    failed = {
        describe_rule(leaf, subject): _said(row[f"v{name}"]) for name, leaf in conditions.items() if not row[name]
    }
    return bool(row["holds"]), {"held": said, "failed": failed} if failed else {"held": said}


def _said(value: Any) -> str | None:
    if value is None or value != value:
        return None
    return {"True": "yes", "False": "no"}.get(str(value), str(value))
