"""Marketing's help to close and what late answers lost, ready to be shown."""

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from core.charts import Chart
from core.periods import Period
from facts.engine import Facts, open_facts
from facts.result_cache import cached_answer
from kpis.help_to_close import charts, sentences
from kpis.help_to_close.answers import LATE, NEVER, LostValue, split_lost_value
from kpis.help_to_close.balance import Balance, Trait, measure_balance
from kpis.help_to_close.cohort import SEGMENTS, DealCohort, read_cohort
from kpis.help_to_close.handed_over import read_handed_over
from kpis.help_to_close.matching import NONE, Comparison, compare, compare_naively, match_deals
from team.models import Company

CACHE_VERSION = "1"  # raise it when a remembered answer would mean something else
KINDS = {LATE: "Answered late", NEVER: "Never answered"}


@dataclass(frozen=True)
class HelpToClose:
    """What the matched deals say. `pairs` are the ids of each touched deal, its age at the touch, and those of its controls."""

    comparison: Comparison | None
    naive: float | None
    balances: tuple[Balance, ...]
    deals: int
    touched: int
    matched: int
    unmatched: int
    unknown: int
    young: int
    matures_days: int | None
    left_out: tuple[tuple[str, int], ...]
    pairs: tuple[tuple[int, int, tuple[int, ...]], ...]


@dataclass(frozen=True)
class SlowAnswers:
    """The lost value of late and of missing answers."""

    lost: tuple[tuple[str, LostValue], ...]
    counts: tuple[int, int, int]  # leads answered in time, late, never
    young: int
    running: int
    without_amount: int
    matures_days: int | None


@dataclass(frozen=True)
class HelpPage:
    period: Period
    segment: str
    currency: str
    help: HelpToClose
    answers: SlowAnswers
    as_of: Any

    @property
    def segments(self) -> list[tuple[str, str]]:
        return list(SEGMENTS.items())

    @property
    def sentence(self) -> str:
        return sentences.describe_help(self.help)

    @property
    def naive_note(self) -> str:
        return sentences.describe_naive(self.help)

    @property
    def matching_note(self) -> str:
        return sentences.describe_matching(self.help)

    @property
    def answers_finding(self) -> str:
        return sentences.describe_answers(self)

    @property
    def answers_notes(self) -> list[str]:
        return list(sentences.list_answer_limits(self.answers))

    @property
    def chart(self) -> Chart | None:
        return charts.draw_rates(self.help)


def build_page(period: Period, segment: str) -> HelpPage:
    """Return the page of the whole company; the reader must be one who may read every buyer."""
    facts, company = open_facts(), Company.get()
    today = facts.as_of.astimezone(company.zone).date() if facts.as_of else Company.today()
    key = _address(facts, company, period, segment, today)
    answer: tuple[HelpToClose, SlowAnswers] = cached_answer(
        key, lambda: (compute_help(facts, period, segment, today), compute_answers(facts, company, period, today))
    )
    return HelpPage(period, segment, company.currency, *answer, facts.as_of)


def _address(facts: Facts, company: Company, period: Period, segment: str, today: date) -> str:
    snapshot = facts.snapshot
    if snapshot is None:
        return ""
    state = (
        CACHE_VERSION, snapshot.pk, snapshot.taken_at.isoformat(), company.currency, company.foreign_amounts,
        company.time_zone, period.start, period.end, segment, today,
    )  # fmt: skip
    return "help-to-close:" + hashlib.sha256(repr(state).encode()).hexdigest()


def compute_help(facts: Facts, period: Period, segment: str, today: date) -> HelpToClose:
    cohort = read_cohort(facts, period, segment, today)
    match = match_deals(cohort.deals, cohort.stays)
    ids = cohort.deals.ids
    pairs = tuple(
        (int(ids[deal]), int(cohort.deals.touched[deal]), tuple(int(pk) for pk in ids[row[row != NONE]]))
        for deal, row in zip(match.treated, match.controls, strict=True)
    )
    return HelpToClose(
        compare(cohort.deals, match), compare_naively(cohort.deals),
        tuple(measure_balance(cohort.deals, cohort.stays, match, _list_traits(cohort, segment))), cohort.size,
        int(np.isfinite(cohort.deals.touched).sum()), len(match.treated), len(match.unmatched), len(match.unknown),
        cohort.young, cohort.matures_days, tuple(sorted(cohort.left_out.items())), pairs,
    )  # fmt: skip


def _list_traits(cohort: DealCohort, segment: str) -> list[Trait]:
    def of_deal(key: str, label: str, *, is_matched: bool) -> Trait:
        return Trait(key, label, tuple(map(str, cohort.traits[key])), is_matched)

    matched = [
        Trait("stage", "Stage", tuple(map(str, cohort.stay_traits["stage"])), True, of_stay=True),
        Trait("band", "Amount band", tuple(map(str, cohort.stay_traits["band"])), True, of_stay=True),
        of_deal("kind", "Type of deal", is_matched=True),
    ]
    if segment != "none":
        matched.append(of_deal(segment, SEGMENTS[segment], is_matched=True))
    others = [(key, label) for key, label in SEGMENTS.items() if key not in (segment, "none")]
    return [
        *matched,
        *(of_deal(key, label, is_matched=False) for key, label in others),
        of_deal("source", "Lead source", is_matched=False),
        Trait(
            "opened", "Year of opening",
            tuple(str(date.fromordinal(int(day)).year) for day in cohort.traits["opened"]), False,
        ),
    ]  # fmt: skip


def compute_answers(facts: Facts, company: Company, period: Period, today: date) -> SlowAnswers:
    handed = read_handed_over(facts, company, period, today)
    splits = [(label, split_lost_value(handed.leads, kind)) for kind, label in KINDS.items()]
    return SlowAnswers(
        tuple((label, lost) for label, lost in splits if lost),
        (handed.count(0), handed.count(LATE), handed.count(NEVER)), handed.young, handed.running, handed.without_amount,
        handed.matures_days,
    )  # fmt: skip
