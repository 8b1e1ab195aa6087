"""What the reps have committed to: who may enter it, and its sum as of any day."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError

from core.periods import quarter_period
from forecast.outcomes.models import ForecastCommit
from forecast.outcomes.projection import Span
from forecast.outcomes.record import QUARTERS
from forecast.permissions import ENTER_COMMIT
from team.models import Company, User

MOST = Decimal(10) ** 13


def open_quarters(company: Company) -> list[date]:
    """Return the first days of the quarters for which a commit can be entered."""
    starts: list[date] = []
    day = Company.today()
    for _ in range(QUARTERS):
        quarter = quarter_period(day, company.fiscal_calendar)
        assert quarter.start
        assert quarter.end
        starts.append(quarter.start)
        day = date.fromordinal(quarter.end.toordinal() + 1)
    return starts


def enter_commit(*, by: User, quarter: date, amount: Decimal, rep: User | None = None) -> ForecastCommit:
    """Store what a rep commits to win in a quarter, in the company's currency; the commits before it stay on record.

    Raises:
        PermissionDenied: the person may not enter it.
        ValidationError: the quarter has ended or lies too far ahead, or the amount is negative or too large.
    """
    target = rep or by
    if amount < 0 or amount >= MOST:
        raise ValidationError("The amount must be 0 or more, and below 10 trillion.")
    ENTER_COMMIT.require(by, target)
    company = Company.get()
    starts = open_quarters(company)
    if quarter not in starts:
        days = ", ".join(start.isoformat() for start in starts)
        raise ValidationError(
            f"No quarter that is open to commits starts on {quarter.isoformat()}. Use one of: {days}."
        )
    return ForecastCommit.objects.create(
        rep=target, quarter=quarter, amount=amount, currency=company.currency, written_by=by
    )


class CommitBook:
    """All commits in the company's currency, so that past sums need no further queries."""

    def __init__(self, commits: Iterable[tuple[int, int, int, float]]) -> None:
        self.commits = sorted(commits, key=lambda commit: commit[2])

    @classmethod
    def load(cls) -> "CommitBook":
        company = Company.get()
        rows = ForecastCommit.objects.filter(currency=company.currency).order_by("written_at", "pk")
        return cls(
            (commit.rep_id, commit.quarter.toordinal(), commit.written_at.astimezone(company.zone).date().toordinal(), float(commit.amount))
            for commit in rows
        )  # fmt: skip

    @staticmethod
    def version() -> int:
        """Return what changes with every commit."""
        return ForecastCommit.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    def total(self, day: int, span: Span) -> float | None:
        """Return the sum of each rep's last commit for the quarter by the evening of the day; None without any."""
        latest = {
            rep: amount for rep, quarter, written, amount in self.commits if quarter == span.start and written <= day
        }
        return sum(latest.values()) if latest else None
