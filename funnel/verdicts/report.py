"""What Sales said of Marketing's leads: by campaign, source, persona, score band and criterion, per rep, and as a backlog."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Aggregate, Avg, Case, CharField, Count, F, FloatField, Max, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Extract

from core.formatting import NOTHING, format_days, format_duration
from core.periods import Period
from core.request_values import read_id
from crm.models import Lead, Owner, Spend
from crm.people import read_people
from crm.readable import few_keys, is_limited
from funnel.models import HandOff, Verdict
from team.access import achievement_ids, own_ids
from team.models import Company, User

DAY = 86_400
BAND = 20
BANDS = range(0, 100, BAND)
NO_SCORE = "No score"
IN_WORDS, NO_CAMPAIGN = "Other reason", "No campaign"
UNNAMED = "(blank)"


def band_label(low: int) -> str:
    return f"{low} and more" if low == BANDS[-1] else f"{low} to {low + BAND - 1}"


SCORE_BAND = Case(
    When(handoff__score=None, then=Value(NO_SCORE)),
    *(When(handoff__score__lt=low + BAND, then=Value(band_label(low))) for low in BANDS[:-1]),
    default=Value(band_label(BANDS[-1])),
    output_field=CharField(),
)


@dataclass(frozen=True)
class Cut:
    """What verdicts are cut by: the field that parts them, and the one that names a part."""

    key: str
    label: str
    field: Any
    name: str = ""
    blank: str = UNNAMED


CUTS: Mapping[str, Cut] = {
    cut.key: cut
    for cut in (
        Cut("campaign", "Campaign", F("lead__campaign_id"), "lead__campaign__name", NO_CAMPAIGN),
        Cut("source", "Source", F("lead__lead_source")),
        Cut("persona", "Persona", F("lead__persona")),
        Cut("score", "Score at the hand-off", SCORE_BAND),
        Cut("criterion", "Criterion", F("criterion"), blank=IN_WORDS),
    )
}


def period_bounds(period: Period, zone: ZoneInfo) -> dict[str, datetime]:
    """Return the moments of a period of local days as lookups: from its first midnight to that after its last day."""
    bounds = {}
    if period.start:
        bounds["gte"] = datetime.combine(period.start, time(), zone)
    if period.end:
        bounds["lt"] = datetime.combine(period.end + timedelta(days=1), time(), zone)
    return bounds


def verdicts_given(user: User, period: Period) -> QuerySet[Verdict]:
    """Return the verdicts of a period that stand and that the reader's figures count."""
    bounds = {f"given_at__{name}": moment for name, moment in period_bounds(period, Company.get().zone).items()}
    return Verdict.objects.countable_by(user).standing().filter(**bounds)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Part:
    """The verdicts of one part. `rate` is the share accepted."""

    key: str
    name: str
    n: int
    accepted: int
    rejected: int
    rating: float | None

    @property
    def rate(self) -> float:
        return self.accepted / self.n


def count_by_part(user: User, rows: QuerySet[Verdict], cut: Cut) -> list[Part]:
    """Return how the verdicts fall, part by part, the most rejected first. A criterion is named by rejections alone.

    Parts of too few verdicts that the reader may not read are left out.
    """
    if cut.key == "criterion":
        rows = rows.filter(answer=Verdict.Answer.REJECTED)
    hidden = _hidden_parts(user, rows.annotate(part=cut.field), "part")
    counts = {
        "n": Count("pk"),
        "accepted": Count("pk", filter=Q(answer=Verdict.Answer.ACCEPTED)),
        "rejected": Count("pk", filter=Q(answer=Verdict.Answer.REJECTED)),
        "mean": Avg("rating"),
    }
    grouped = rows.annotate(part=cut.field).values("part", *([cut.name] if cut.name else []))
    rows_by_part = grouped.annotate(**counts).order_by("-rejected", "-n", "part")
    return [
        Part(
            str(row["part"] or ""), str(row[cut.name or "part"] or "") or cut.blank, row["n"], row["accepted"], row["rejected"],
            row["mean"],
        )
        for row in rows_by_part
        if row["part"] not in hidden
    ]  # fmt: skip


def _hidden_parts(user: User, rows: QuerySet[Verdict], *names: str) -> set[Any]:
    """Return the values of the names that hold too few verdicts which the reader counts, but may not read."""
    if not is_limited(user):
        return set()
    readable = Verdict.objects.visible_to(user).values("pk")
    hidden = Count("pk", distinct=True) - Count("pk", filter=Q(pk__in=readable), distinct=True)
    counts = rows.order_by().values_list(*names).annotate(hidden=hidden)
    return few_keys({values[0] if len(names) == 1 else tuple(values): n for *values, n in counts})


def of_part(rows: QuerySet[Verdict], cut: Cut, key: str) -> QuerySet[Verdict]:
    """Return the verdicts of one part."""
    rows = rows.annotate(part=cut.field)
    if cut.key == "criterion":
        rows = rows.filter(answer=Verdict.Answer.REJECTED)
    if cut.key == "campaign":
        return rows.filter(part=read_id(key))
    return rows.filter(part=key)


class Median(Aggregate):
    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


@dataclass(frozen=True)
class Rep:
    """How a rep answers: hand-offs of the period with a verdict ÷ hand-offs, and the median time from one to the other."""

    key: int
    name: str
    handed: int
    judged: int
    seconds: float | None

    @property
    def rate(self) -> float:
        return self.judged / self.handed

    @property
    def median(self) -> str:
        """Say the median in hours, or in days where it is two days and more."""
        if self.seconds is None:
            return NOTHING
        return (
            format_days(self.seconds / DAY)
            if self.seconds >= 2 * DAY
            else format_duration(timedelta(seconds=self.seconds))
        )


def rep_figures(user: User, period: Period) -> list[Rep]:
    """Return the verdict rate and the median time to the verdict of each rep whose work and achievement the reader may see."""
    bounds = {f"started_at__{name}": moment for name, moment in period_bounds(period, Company.get().zone).items()}
    rows: Any = HandOff.objects.countable_by(user).filter(to_owner__isnull=False, **bounds)
    if achievement_ids(user) is not None:
        rows = rows.filter(to_owner__user__in=own_ids(user) | (achievement_ids(user) or set()))
    stands = Q(verdicts__isnull=False, verdicts__undone_at=None)
    took = Extract(F("verdicts__given_at") - F("started_at"), "epoch")
    sums = {
        "handed": Count("pk", distinct=True),
        "judged": Count("verdicts", filter=stands, distinct=True),
        "median": Median(took, filter=stands),
    }
    rows = rows.annotate(person=read_people().expression("to_owner"))
    rows_by_person = list(rows.values("person").annotate(**sums).order_by())
    names = dict(Owner.objects.filter(pk__in=[row["person"] for row in rows_by_person]).values_list("pk", "name"))
    reps = [
        Rep(row["person"], names[row["person"]] or "–", row["handed"], row["judged"], row["median"])
        for row in rows_by_person
    ]
    return sorted(reps, key=lambda rep: (-rep.handed, rep.name, rep.key))


@dataclass(frozen=True)
class Criticism:
    """What Sales keeps saying of a campaign's leads: how often, what these leads had cost, how much of it is answered."""

    criterion: str
    campaign_id: int | None
    campaign: str
    n: int
    worth: Decimal | None
    answered: int
    last: datetime
    ids: list[int]

    @property
    def waits(self) -> int:
        return self.n - self.answered


def criticism_backlog(rows: QuerySet[Verdict], user: User, by: str = "worth") -> list[Criticism]:
    """Return the criticism by criterion and campaign, the heaviest first: by money (or `count`), what waits before what is done."""
    rejected = rows.filter(answer=Verdict.Answer.REJECTED)
    hidden = _hidden_parts(user, rejected, "criterion", "lead__campaign_id")
    answered = Q(answers__is_contest=False)
    grouped = rejected.values("criterion", "lead__campaign_id", "lead__campaign__name").annotate(
        n=Count("pk", distinct=True), answered=Count("pk", filter=answered, distinct=True), last=Max("given_at"),
        ids=ArrayAgg("pk", distinct=True),
    )  # fmt: skip
    visible = [row for row in grouped.order_by() if (row["criterion"], row["lead__campaign_id"]) not in hidden]
    costs = lead_costs({row["lead__campaign_id"] for row in visible} - {None}, user)
    criticism = [
        Criticism(
            row["criterion"] or IN_WORDS, row["lead__campaign_id"], row["lead__campaign__name"] or NO_CAMPAIGN, row["n"],
            costs[row["lead__campaign_id"]] * row["n"] if row["lead__campaign_id"] in costs else None, row["answered"],
            row["last"], row["ids"],
        )
        for row in visible
    ]  # fmt: skip
    weight = (lambda one: (one.n, one.worth or 0)) if by == "count" else (lambda one: (one.worth or 0, one.n))
    return sorted(criticism, key=lambda one: (one.waits > 0, *weight(one), one.criterion, one.campaign), reverse=True)


def count_answered_rejections(period: Period) -> tuple[int, int]:
    """Return how many of the company's rejections of a period Marketing had answered by its end, and how many there are."""
    bounds = period_bounds(period, Company.get().zone)
    given = {f"given_at__{name}": moment for name, moment in bounds.items()}
    rejected = Verdict.objects.standing().filter(answer=Verdict.Answer.REJECTED, **given)
    by_then = {"answers__given_at__lt": bounds["lt"]} if "lt" in bounds else {}
    counts = rejected.aggregate(
        answered=Count("pk", filter=Q(answers__is_contest=False, **by_then), distinct=True),
        n=Count("pk", distinct=True),
    )
    return counts["answered"], counts["n"]


def lead_costs(campaigns: set[Any], user: User) -> dict[int, Decimal]:
    """Return what a lead of each campaign had cost: its spend ÷ its leads, in the company's currency, for who may see it."""
    spend: Any = Spend.objects.visible_to(user).filter(campaign__in=campaigns, currency=Company.get().currency)
    spent = dict(spend.values_list("campaign_id").annotate(Sum("amount")).order_by())
    leads: Any = Lead.objects.filter(campaign__in=campaigns).values_list("campaign_id").annotate(Count("pk")).order_by()
    return {campaign: spent[campaign] / number for campaign, number in leads if spent.get(campaign) and number}
