"""Observes the joint plan, what people believe of the SLA, and the terms that they use."""

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta

from django.db.models import Q
from django.urls import reverse

from agreements.models import Version
from alarms.context import Context
from alarms.judging import Judgement, judge_count
from alarms.registry import Evidence, Finding, no_data
from alignment.plan.queries import due_day
from alignment.plan.rules import GOAL, REWARD
from alignment.rounds.models import Round
from alignment.rounds.queries import read_results
from core.date_formatting import format_day
from crm.models import Campaign
from funnel.models import Answer, Verdict
from kpis.sentences import count_noun
from team.models import Company

WRITTEN_DAYS, MINIMUM_TEXTS = 90, 3
ROUND_DAYS = 365  # for which the answers of an assessment speak


def observe_update(context: Context) -> Finding:
    due = due_day()
    if due is None:
        return no_data("No joint goal is signed, so no update of the plan is due.")
    days = max((context.today - due).days, 0)
    sentence = f"The update of the joint plan was due on {format_day(due)}." if days else ""
    return Finding(judge_count(days, context.yesterday), sentence, (Evidence("Joint plan", reverse("plan")),))


def observe_plan(context: Context) -> Finding:
    """A company that has signed nothing yet has not begun; then nothing is missing."""
    in_force = Version.objects.in_force().filter(pilot_manager=None)
    if not in_force.exists():
        return no_data("Nothing has been signed by both sides yet.")
    kinds = set(
        in_force.filter(agreement__kind__in=[GOAL, REWARD]).order_by().values_list("agreement__kind", flat=True)
    )
    missing = [name for kind, name in ((GOAL, "goal"), (REWARD, "reward")) if kind not in kinds]
    sentence = f"No joint {' and no joint '.join(missing)} is active." if missing else ""
    return Finding(judge_count(len(missing), context.yesterday), sentence, (Evidence("Joint plan", reverse("plan")),))


def observe_beliefs(context: Context) -> Finding:
    """Look at the last assessment, as far as its readers may see it: groups that are too small are not in its results."""
    last = Round.objects.ended().filter(ended_on__gte=context.today - timedelta(days=ROUND_DAYS)).last()
    if last is None:
        return no_data("No assessment has ended in the last 12 months.")
    terms = [term for term in read_results(last).expectations if len(term.sides) > 1]
    if not terms:
        return no_data("The last assessment asked nothing of a signed SLA, or too few people answered.")
    wild = [term for term in terms if term.is_wild]
    # Medians are for the readers of the results, whom the link leads there; an alarm has more readers.
    sentence = f"Marketing and Sales believe clearly different things of {len(wild)} of {count_noun(len(terms), 'signed term')}."
    return Finding(
        judge_count(len(wild), context.yesterday), sentence if wild else "", (Evidence("Results of the assessment", last.get_absolute_url(), len(wild)),)
    )  # fmt: skip


def observe_terms(context: Context) -> Finding:
    """Count the texts of 90 days that hold a synonym which the lexicon rules out."""
    avoided = _avoided_words()
    if not avoided:
        return no_data("The lexicon names no synonym to avoid.")
    texts = list(_texts_with_words(context, avoided))
    judged = Judgement(
        context.yesterday, float(len(texts)), float(MINIMUM_TEXTS), n=len(texts),
        is_bad=len(texts) >= MINIMUM_TEXTS, is_calm=len(texts) < MINIMUM_TEXTS,
    )  # fmt: skip
    synonyms = sorted({word.casefold() for text in texts for word in _pattern(avoided).findall(text)})
    sentence = f"{count_noun(len(texts), 'text')} of {WRITTEN_DAYS} days use words that the lexicon avoids: {', '.join(synonyms)}."
    return Finding(judged, sentence if texts else "", (Evidence("Lexicon", reverse("lexicon")),))


def _avoided_words() -> list[str]:
    terms = (
        Version.objects.in_force().filter(agreement__kind="term", pilot_manager=None).values_list("terms", flat=True)
    )
    return sorted({str(word) for each in terms for word in each.get("avoid", [])})


def _pattern(avoided: list[str]) -> re.Pattern[str]:
    """Return what finds the words; in a longer signed term, as “hot lead” beside “lead”, the longer one counts."""
    longest_first = sorted(avoided, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b", re.IGNORECASE)


def _texts_with_words(context: Context, avoided: list[str]) -> Iterator[str]:
    """Yield what people wrote: agreements, verdicts, answers to them, and the names of campaigns. Four questions."""
    since = datetime.combine(context.today - timedelta(days=WRITTEN_DAYS), time(), Company.get().zone)
    pattern = rf"\m({'|'.join(map(re.escape, avoided))})\M"
    versions = Version.objects.filter(proposed_at__gte=since, text__iregex=pattern).exclude(agreement__kind="term")
    yield from versions.values_list("text", flat=True)
    yield from Verdict.objects.filter(given_at__gte=since, note__iregex=pattern).values_list("note", flat=True)
    yield from Answer.objects.filter(given_at__gte=since, words__iregex=pattern).values_list("words", flat=True)
    begun = Q(starts_on__gte=since.date()) | Q(starts_on=None, created_at__gte=since)
    yield from Campaign.objects.filter(begun, name__iregex=pattern).values_list("name", flat=True)
