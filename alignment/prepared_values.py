"""Computes what the pages of alignment show, so that their readers do not wait for it."""

from alignment.expectations.measured import measure_terms
from alignment.matrix.queries import signed_metrics
from alignment.metric_values import ResultReader, read_values
from alignment.overview.queries import read_money
from alignment.plan.queries import read_goals, read_joint_paces
from alignment.rounds.models import Round
from alignment.rounds.queries import read_results
from facts.engine import open_facts
from team.models import Company, Role, User


def prepare_values() -> int:
    """Compute the values that the pages show, as far as they are not those of the newest records; return how many there are."""
    facts, today, reads_all = open_facts(), Company.today(), User(role=Role.CEO)
    reader = ResultReader(reads_all, facts)
    goals = read_goals(reader, today)
    joint = read_joint_paces(reader, goals, today)
    read_money(reader)
    values = read_values(signed_metrics(), reads_all, facts)
    rounds = list(Round.objects.ended())
    for assessment in rounds:
        read_results(assessment)
        measure_terms(assessment.terms, assessment.ended_on)
    return len(goals) + len(joint) + len(values) + len(rounds) + 1
