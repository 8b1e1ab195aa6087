"""How many buyers fulfil criteria today, before anybody proposes them."""

import ibis
from django.utils import timezone

from core.formatting import short_number
from crm.readable import ReadableRows, is_limited
from crm.rule_fields import LINKS, SUBJECTS, RuleTables
from facts.compiling import RuleContext, add_rule_columns
from facts.engine import open_facts
from facts.rules import Rule
from funnel.definitions import in_force
from funnel.derived_fields import meanings_of, with_figures
from team.models import User


def count_fulfilling(rule: Rule, subject: str, reader: User) -> tuple[int, int]:
    """Return how many of those that the reader may read fulfil the rule by the newest facts, and how many there are."""
    facts = open_facts()
    tables = RuleTables(facts, subject)
    funnel = in_force()
    means = ibis.memtable(meanings_of(facts, funnel))
    buyers = ReadableRows(reader).only(subject, facts.table(subject))
    rows = with_figures(facts, buyers, subject, means, funnel=funnel)
    answers = add_rule_columns(RuleContext(tables, timezone.now(), LINKS), SUBJECTS[subject], {"fulfils": rule}, rows)
    counts = facts.execute(answers.aggregate(those=answers.fulfils.cast("int64").sum(), all=answers.count())).iloc[0]
    return (int(counts.those) if counts["all"] else 0), int(counts["all"])


def describe_count(rule: Rule, buyers: str, reader: User) -> str:
    """“812 of 8,000 leads meet this today.”"""
    subjects = ["leads", "accounts"] if buyers == "both" else [buyers]
    counts = [(subject, *count_fulfilling(rule, subject, reader)) for subject in subjects]
    whose = " that you may read" if is_limited(reader) else ""
    parts = [f"{short_number(those)} of {short_number(all_)} {subject}" for subject, those, all_ in counts]
    return f"{' and '.join(parts)}{whose} meet this today."
