"""The replay put together: which versions are compared, the year, and what the search found in words."""

from dataclasses import dataclass
from functools import cached_property

from agreements.models import Version
from core.charts import Chart
from crm.models import Opportunity, Product
from kpis.agreements import PAY_PLAN
from kpis.plans import charts, sentences
from kpis.plans.moves import EQUAL_REVENUE, NAMES
from kpis.plans.queries import NO_DISCOUNT, ReplayData, read_replay_data
from kpis.plans.replay import NO_QUOTA, Replay, replay_plans
from kpis.plans.search import RULES, Leak
from kpis.plans.terms import PayPlan, describe_plan
from kpis.quotas.report import QuotaBook
from team.models import User

OVER = {"rejected", "withdrawn", "superseded", "expired", "ended"}


@dataclass(frozen=True)
class LeakLine:
    """A loophole in words."""

    leak: Leak
    name: str
    what: str
    rule: str
    deals: tuple[int, ...]


class BadVersion(ValueError):
    """There is no such version of a pay plan; the message is for the reader."""


class ReplayPage:
    """The replay of one version of a pay plan beside the one in force.

    Raises:
        BadVersion: the number names no version of a pay plan that the reader may see.
    """

    def __init__(self, user: User, version: int | None = None) -> None:
        rows = Version.objects.visible_to(user).filter(agreement__kind=PAY_PLAN)
        self.versions = list(rows.select_related("agreement").prefetch_related("disputes").order_by("-pk"))
        self.proposed = self._choose(version)
        self.current = self._find_current()

    def _choose(self, version: int | None) -> Version | None:
        if version is not None:
            chosen = next((row for row in self.versions if row.pk == version), None)
            if chosen is None:
                raise BadVersion("This version of a pay plan does not exist, or you do not have permission to see it.")
            return chosen
        open_ones = [row for row in self.versions if row.state in {"draft", "proposed", "disputed"}]
        return next(iter([*open_ones, *(row for row in self.versions if row.state == "in_force")]), None)

    def _find_current(self) -> Version | None:
        if self.proposed is None:
            return None
        current = self.proposed.agreement.in_force()
        return current if current and current.pk != self.proposed.pk else None

    @property
    def choices(self) -> list[tuple[Version, str]]:
        return [
            (row, row.state.replace("_", " ")) for row in self.versions if row.state not in OVER or row == self.proposed
        ]

    @cached_property
    def book(self) -> QuotaBook:
        return QuotaBook()

    @property
    def proposed_plan(self) -> PayPlan:
        assert self.proposed
        return PayPlan.of(self.proposed.terms)

    @cached_property
    def current_plan(self) -> PayPlan | None:
        plan = PayPlan.of(self.current.terms) if self.current else None
        return plan if plan and plan.currency == self.proposed_plan.currency else None

    @cached_property
    def data(self) -> ReplayData:
        plans = [plan for plan in (self.current_plan, self.proposed_plan) if plan]
        return read_replay_data(plans, self.book)

    @cached_property
    def fault(self) -> str:
        """Why the plan cannot be replayed; empty where it can."""
        home = self.book.company.currency
        if self.proposed_plan.currency != home:
            return f"The plan pays in {self.proposed_plan.currency or 'no currency'}, and quotas and deals are in {home or 'no currency'}. Propose it in {home or 'one currency'}."
        return " ".join(self.data.faults)

    @cached_property
    def replay(self) -> Replay:
        return replay_plans(
            self.data.reps, self.current_plan, self.proposed_plan, self.data.spans, self.data.products
        )  # fmt: skip

    @property
    def currency(self) -> str:
        return self.proposed_plan.currency

    @property
    def sentence(self) -> str:
        return sentences.describe_replay(self.replay, self.data.year.label, self.currency)

    @cached_property
    def chart(self) -> Chart | None:
        return charts.draw_changes(self.replay, self.currency)

    @property
    def terms(self) -> list[tuple[str, list[str]]]:
        plans = (
            [("Current plan", self.current), ("Proposed plan", self.proposed)]
            if self.current
            else [("Plan", self.proposed)]
        )
        return [(f"{label}: version {row.number}", describe_plan(row.terms)) for label, row in plans if row]

    @property
    def left_out(self) -> list[str]:
        lines = [
            f"{n} {reason}" for reason, n in self.data.left_out.items() if reason != NO_DISCOUNT or self._uses_discount
        ]
        if self.replay.left_out:
            names = ", ".join(rep.name for rep in self.replay.left_out)
            lines.append(f"{len(self.replay.left_out)} reps {NO_QUOTA} ({names})")
        return lines

    @property
    def _uses_discount(self) -> bool:
        return any(plan and plan.discount_limit is not None for plan in (self.current_plan, self.proposed_plan))

    @cached_property
    def searches(self) -> list[tuple[str, str, list[LeakLine]]]:
        """What the search found in the proposed plan, then in the current one."""
        names = self._deal_names
        products = dict(
            Product.objects.filter(pk__in=[product.pk for product in self.data.products]).values_list("pk", "name")
        )
        searched = [("Proposed plan" if self.current_plan else "Plan", self.replay.proposed_leaks)]
        if self.current_plan:
            searched.append(("Current plan", self.replay.current_leaks))
        return [
            (
                label, sentences.describe_leaks(leaks, self.currency),
                [
                    LeakLine(
                        leak, NAMES[leak.move.kind], sentences.describe_move(leak.move, names, products, self.currency),
                        RULES.get(leak.rule, "several rules together"), tuple(event.pk for event in leak.move.removed),
                    )
                    for leak in leaks
                ],
            )
            for label, leaks in searched
        ]  # fmt: skip

    @cached_property
    def _deal_names(self) -> dict[int, str]:
        leaks = (*self.replay.proposed_leaks, *self.replay.current_leaks)
        ids = {event.pk for leak in leaks for event in leak.move.removed}
        return dict(Opportunity.objects.filter(pk__in=ids).values_list("pk", "name"))

    @property
    def move_rules(self) -> list[tuple[str, str]]:
        return [(NAMES[kind], EQUAL_REVENUE[kind]) for kind in NAMES]
