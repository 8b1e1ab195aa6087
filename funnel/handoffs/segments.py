"""Which leads fulfil the conditions of routing: the facts are asked for many, the records themselves for few."""

from collections.abc import Collection, Mapping

import ibis
import pyarrow as pa
from django.utils import timezone

from crm.live_tables import OneBuyerTables
from crm.models import Lead
from crm.rule_fields import LINKS, SUBJECTS, RuleTables
from facts.compiling import RuleContext, add_rule_columns
from facts.engine import open_facts
from facts.rules import Rule
from funnel.definitions import in_force
from funnel.derived_fields import meanings_of, with_figures

FEW = 5


def fulfilling_leads(conditions: Mapping[int, Rule], leads: Collection[int]) -> dict[int, set[int]]:
    """Return for each condition, by its key, the ids of the leads that fulfil it."""
    if len(leads) <= FEW:
        answers = [
            _evaluate_rules(buyer, buyer.table("leads"), conditions)
            for buyer in map(OneBuyerTables, Lead.objects.filter(pk__in=leads))
        ]
        return {key: set().union(*(answer[key] for answer in answers)) for key in conditions}
    facts = open_facts()
    given = ibis.memtable(pa.table({"named": pa.array(leads, pa.int64())}))
    rows = facts.table("leads")
    return _evaluate_rules(facts, rows.semi_join(given, rows.id == given.named), conditions)


def _evaluate_rules(facts: object, rows: object, conditions: Mapping[int, Rule]) -> dict[int, set[int]]:
    tables = RuleTables(facts, "leads")  # type: ignore[arg-type]
    funnel = in_force()
    means = ibis.memtable(meanings_of(facts, funnel))
    wide = with_figures(facts, rows, "leads", means, funnel=funnel)  # type: ignore[arg-type]
    rules = {f"fulfils_{key}": rule for key, rule in conditions.items()}
    answers = add_rule_columns(RuleContext(tables, timezone.now(), LINKS), SUBJECTS["leads"], rules, wide)
    frame = facts.execute(answers.select("id", *rules))  # type: ignore[attr-defined]
    return {key: set(frame.loc[frame[f"fulfils_{key}"], "id"].astype(int)) for key in conditions}
