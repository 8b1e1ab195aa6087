"""How many buyers fulfil criteria today, before anybody proposes them."""

import ibis
from django.utils import timezone

from core.formatting import short_number
from crm.readable import ReadableRows, is_limited
from crm.rule_fields import LINKS, SUBJECTS, Described
from facts.compiling import RuleContext, add_rule_columns
from facts.engine import open_facts
from facts.rules import Rule
from funnel.derived_fields import meanings_of, with_figures
from team.models import User


def counted(rule: Rule, subject: str, reader: User) -> tuple[int, int]:
    """Return how many of those that the reader may read fulfil the rule by the newest facts, and how many there are."""
    facts = open_facts()
    tables = Described(facts, subject)
    means = ibis.memtable(meanings_of(facts))
    rows = with_figures(facts, ReadableRows(reader).only(subject, facts.table(subject)), subject, means)
    found = add_rule_columns(RuleContext(tables, timezone.now(), LINKS), SUBJECTS[subject], {"fulfils": rule}, rows)
    answer = facts.execute(found.aggregate(those=found.fulfils.cast("int64").sum(), all=found.count())).iloc[0]
    return (int(answer.those) if answer["all"] else 0), int(answer["all"])


def count_words(rule: Rule, buyers: str, reader: User) -> str:
    """“812 of 8,000 leads fulfil this today.”"""
    subjects = ["leads", "accounts"] if buyers == "both" else [buyers]
    found = [(subject, *counted(rule, subject, reader)) for subject in subjects]
    whose = " that you may read" if is_limited(reader) else ""
    words = [f"{short_number(those)} of {short_number(all_)} {subject}" for subject, those, all_ in found]
    return f"{' and '.join(words)}{whose} fulfil this today."
