"""What a stage's criteria say of one buyer now: the same rules that ask the million."""

from typing import Any

import ibis
from django.utils import timezone

from crm.live_tables import OneBuyerTables
from crm.models import Account, Lead
from crm.rule_fields import LINKS, SUBJECTS, RuleTables
from facts.compiling import RuleContext, add_rule_columns
from facts.rules import describe_rule, list_conditions
from funnel.definitions import in_force
from funnel.derived_fields import meanings_of, with_figures
from funnel.stages.drafts import Stage


def evaluate_stage(buyer: Lead | Account, stage: Stage) -> tuple[bool, dict[str, Any]]:
    """Say whether the buyer fulfils the stage's criteria now, and which conditions hold or fail with which values."""
    tables_of_buyer = OneBuyerTables(buyer)
    subject = SUBJECTS[tables_of_buyer.subject]
    conditions = {f"c{number}": leaf for number, leaf in enumerate(list_conditions(stage.rule))}
    funnel = in_force()
    means = ibis.memtable(meanings_of(tables_of_buyer, funnel))
    buyers = tables_of_buyer.table(tables_of_buyer.subject)
    rows = with_figures(tables_of_buyer, buyers, tables_of_buyer.subject, means, funnel=funnel)
    values = {f"v{name}": leaf for name, leaf in conditions.items()}
    tables = RuleTables(tables_of_buyer, tables_of_buyer.subject)
    answers = add_rule_columns(
        RuleContext(tables, timezone.now(), LINKS), subject, {"holds": stage.rule, **conditions}, rows, values
    )
    row = tables_of_buyer.execute(answers.select("holds", *conditions, *values).limit(1)).iloc[0]
    held = {
        describe_rule(leaf, subject): _format_answer(row[f"v{name}"]) for name, leaf in conditions.items() if row[name]
    }
    failed = {
        describe_rule(leaf, subject): _format_answer(row[f"v{name}"])
        for name, leaf in conditions.items()
        if not row[name]
    }
    return bool(row["holds"]), {"held": held, "failed": failed} if failed else {"held": held}


def _format_answer(value: Any) -> str | None:
    if value is None or value != value:
        return None
    return {"True": "yes", "False": "no"}.get(str(value), str(value))
