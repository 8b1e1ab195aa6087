"""The forecast page put together: the quarter, what it is made of, how past forecasts fared, and the reps' commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from core.charts import Chart
from core.periods import quarter_period
from crm.models import Owner
from crm.people import read_people
from crm.readable import is_limited
from forecast.outcomes import charts, sentences
from forecast.outcomes.models import ForecastAsOf, ForecastCommit, ForecastRun
from forecast.outcomes.projection import Span
from forecast.outcomes.record import Baselines, Interval, PastForecast, Summary, summarize_record
from forecast.outcomes.result import ForecastResult, QuarterForecast, RepForecast, RepQuarter
from forecast.permissions import ENTER_COMMIT
from team.access import achievement_ids, own_ids
from team.models import Company, User

BASELINES = (
    ("agreed", "Agreed stage probabilities", "Amount × agreed probability of the open deals expected to close by then, plus what is won"),
    ("commit", "Commits of the reps", "The sum of the last commit of each rep"),
    ("last_year", "Same quarter last year", "What was won in it"),
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """A line of what a quarter is made of."""

    label: str
    deals: int | None
    amount: float | None
    expected: float
    is_stage: bool = False


@dataclass(frozen=True)
class BaselineLine:
    """A simpler forecast beside ours: what it says of the quarter, and how both erred in the past."""

    name: str
    label: str
    explanation: str
    value: float | None
    dates: int
    own_error: float | None
    other_error: float | None
    finding: str


@dataclass(frozen=True)
class RepLine:
    """One rep: the computed forecast and the commit, beside each other."""

    name: str
    deals: int
    quarter: RepQuarter | None
    commit: ForecastCommit | None
    is_own: bool


def to_past_forecast(row: ForecastAsOf) -> PastForecast:
    """Return a stored forecast of the past as the rules know it."""
    return PastForecast(
        day=row.day.toordinal(), ahead=row.ahead, span=Span(row.quarter_start.toordinal(), row.quarter_end.toordinal()),
        won=row.won, interval=Interval(row.low, row.median, row.high),
        baselines=Baselines(row.agreed, row.commit, row.last_year), actual=row.actual, crps=row.crps,
        interval_score=row.interval_score, raw_stretch=row.raw_stretch, is_calibrated=row.is_calibrated,
    )  # fmt: skip


class ForecastPage:
    """What one reader may see of the last forecast, for one quarter.

    A reader who may not read every buyer sees the forecast of their own open deals and their own commit alone.
    """

    def __init__(self, user: User, key: str = "") -> None:
        self.user, self.company = user, Company.get()
        self.run = ForecastRun.objects.first()
        self.result = ForecastResult.from_json(self.run.result) if self.run else None
        self.quarter: QuarterForecast | None = self.result.quarter(key) if self.result else None
        self.is_own_only = is_limited(user)

    @property
    def currency(self) -> str:
        return self.run.currency if self.run else self.company.currency

    @property
    def quarters(self) -> Sequence[QuarterForecast]:
        return self.result.quarters if self.result else ()

    def label_of(self, day: date) -> str:
        return quarter_period(day, self.company.fiscal_calendar).label

    @cached_property
    def quarter_labels(self) -> list[tuple[QuarterForecast, str]]:
        return [(quarter, self.label_of(quarter.first_day)) for quarter in self.quarters]

    @property
    def label(self) -> str:
        return self.label_of(self.quarter.first_day) if self.quarter else ""

    @property
    def ahead(self) -> int:
        return self.quarters.index(self.quarter) if self.quarter else 0

    @property
    def sentence(self) -> str:
        if self.result is None or self.quarter is None:
            return sentences.missing_sentence(self.result.ground if self.result else None)
        if self.is_own_only:
            return sentences.own_sentence(self.label, self.own_line.quarter, self.currency)
        return sentences.quarter_sentence(self.label, self.quarter, self.currency)

    @cached_property
    def parts(self) -> list[Part]:
        """What the chosen quarter is made of: won, open deals by stage, deals not created yet."""
        if self.quarter is None:
            return []
        stages = sorted(self.quarter.stages, key=lambda stage: -stage.expected)
        return [
            Part("Already won", None, None, self.quarter.won),
            Part(
                "Open deals", sum(stage.deals for stage in stages), sum(stage.amount for stage in stages), self.quarter.open
            ),
            *(Part(stage.stage or "Stage not recorded", stage.deals, stage.amount, stage.expected, True) for stage in stages),
            Part("Deals not created yet", None, None, self.quarter.unborn),
        ]  # fmt: skip

    @property
    def expected(self) -> float:
        return sum(part.expected for part in self.parts if not part.is_stage)

    # How past forecasts fared

    @cached_property
    def stored_past(self) -> list[ForecastAsOf]:
        """The past forecasts of the quarter as far ahead as the chosen one."""
        return list(ForecastAsOf.objects.filter(ahead=self.ahead))

    @cached_property
    def past(self) -> list[PastForecast]:
        return [to_past_forecast(row) for row in self.stored_past]

    @cached_property
    def summary(self) -> Summary:
        return summarize_record(self.past, self.ahead)

    @property
    def record_sentence(self) -> str:
        return sentences.record_sentence(self.summary, self.ahead)

    @cached_property
    def baselines(self) -> list[BaselineLine]:
        if self.quarter is None:
            return []
        lines = []
        for name, label, explanation in BASELINES:
            contest = getattr(self.summary, name)
            lines.append(BaselineLine(
                name, label, explanation, getattr(self.quarter.baselines, name), contest.dates if contest else 0,
                contest.forecast if contest else None, contest.other if contest else None,
                sentences.contest_finding(contest),
            ))  # fmt: skip
        return lines

    @cached_property
    def record_chart(self) -> Chart | None:
        return charts.record_chart(self.past, self.summary, self.ahead, self.label_of, self.currency)

    @cached_property
    def quarters_chart(self) -> Chart | None:
        return charts.quarters_chart(self.quarter_labels, self.currency)

    # Reps and commits

    @cached_property
    def commits(self) -> dict[int, ForecastCommit]:
        """The last commit of each rep for the chosen quarter, as far as the reader may see them."""
        if self.quarter is None:
            return {}
        rows = ForecastCommit.objects.visible_to(self.user).filter(quarter=self.quarter.first_day).latest()
        return {commit.rep_id: commit for commit in rows.select_related("rep")}

    @cached_property
    def rep_lines(self) -> list[RepLine]:
        """The reps whose figures the reader may see, by name; one who committed without a deal is among them."""
        allowed = self._visible_people()
        people = read_people()
        lines, seen = [], set()
        for rep in self.result.reps if self.result else ():
            user = people.user_of.get(rep.owner)
            if allowed is not None and user not in allowed:
                continue
            seen.add(user)
            lines.append(self._line_of(rep, user))
        lines += [
            RepLine(str(commit.rep), 0, None, commit, user == self.user.pk)
            for user, commit in self.commits.items()
            if user not in seen and (allowed is None or user in allowed)
        ]
        return sorted(lines, key=lambda line: line.name.casefold())

    @property
    def shows_reps(self) -> bool:
        """Whether lines of reps stand below: a reader who sees their own deals alone has them above already."""
        return self.quarter is not None and (not self.is_own_only or not all(line.is_own for line in self.rep_lines))

    def _visible_people(self) -> set[int] | None:
        if self.is_own_only:
            return own_ids(self.user)
        people = achievement_ids(self.user)
        return None if people is None else people | own_ids(self.user)

    def _line_of(self, rep: RepForecast, user: int | None) -> RepLine:
        start = self.quarter.start if self.quarter else ""
        quarter = next((quarter for quarter in rep.quarters if quarter.start == start), None)
        name = self._owner_names.get(rep.owner) or ("Deleted owner" if rep.owner else "No owner")
        return RepLine(name, rep.deals, quarter, self.commits.get(user or 0), user == self.user.pk)

    @cached_property
    def _owner_names(self) -> dict[int, str]:
        ids = [rep.owner for rep in self.result.reps] if self.result else []
        return {owner.pk: str(owner) for owner in Owner.objects.filter(pk__in=ids)}

    @cached_property
    def own_line(self) -> RepLine:
        mine = [line for line in self.rep_lines if line.is_own]
        return mine[0] if mine else RepLine(str(self.user), 0, None, self.commits.get(self.user.pk), True)

    @property
    def commit_total(self) -> float | None:
        """The sum of the commits that the reader sees."""
        amounts = [float(line.commit.amount) for line in self.rep_lines if line.commit]
        return sum(amounts) if amounts else None

    @property
    def may_commit(self) -> bool:
        return ENTER_COMMIT.allows(self.user, self.user)

    @property
    def own_history(self) -> Any:
        """What the reader committed to before for the chosen quarter, the newest first."""
        if self.quarter is None:
            return ForecastCommit.objects.none()
        return ForecastCommit.objects.filter(rep=self.user, quarter=self.quarter.first_day).select_related("written_by")

    @property
    def limits(self) -> list[str]:
        """What a reader must know of the ground that the forecast stands on."""
        return sentences.limit_sentences(self.result.ground) if self.result else []
