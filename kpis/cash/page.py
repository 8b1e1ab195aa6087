"""The page Market to cash, ready to be shown: its sentence, the identity, the path step by step, and the mismatches."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from core import periods
from core.charts import Chart, build_axis
from core.formatting import format_exact, short_money
from crm.models import Account, Invoice, Opportunity
from crm.readable import Reader
from facts.engine import Facts, open_facts
from kpis import url_params, visibility
from kpis.cash.lists import LISTS, MISMATCHES, StuckList
from kpis.cash.reading import TERMS, Cash, CashQuestion, Identity, ListTotal, Step, StuckRow, read_cash
from kpis.dashboard import Question
from kpis.registry import get_metric
from kpis.result import Result
from team.models import Company

DEFAULT_PERIOD = "all"
TERM_LABELS = {
    "won": "Won",
    "invoiced": "Invoiced",
    "not_yet_due": "Not yet due",
    "stalled": "Not invoiced",
    "short": "Short",
    "over": "Over",
}
TERM_METRICS = {
    "won": "won_compared", "invoiced": "won_and_invoiced", "not_yet_due": "won_not_yet_due", "stalled": "won_not_invoiced",
    "short": "invoiced_short", "over": "invoiced_over",
}  # fmt: skip
TERM_COLORS = {
    "won": "--sales", "invoiced": "--joint", "not_yet_due": "--edge", "stalled": "--red", "short": "--red", "over": "--red",
}  # fmt: skip


@dataclass(frozen=True)
class Term:
    """One term of the identity with the way to its metric; what is over is taken away."""

    key: str
    label: str
    value: Decimal
    href: str
    definition: str


@dataclass(frozen=True)
class StepRow:
    """A step of the path: how long it takes, and what waits before its end."""

    step: Step
    waiting: ListTotal | None
    href: str


@dataclass(frozen=True)
class ListedRecord:
    """A deal or an invoice as a list shows it."""

    name: str
    href: str
    account: str
    account_href: str
    owner: str
    row: StuckRow
    source: str
    external_id: str

    @property
    def difference(self) -> str:
        """Say which way a deal was invoiced wrong."""
        return "Too much" if self.row.difference > 0 else "Too little" if self.row.difference < 0 else ""


@dataclass(frozen=True)
class MismatchSection:
    """One kind of mismatch: its total, its largest records, and the ways to all of them and to its metric."""

    kind: StuckList
    total: ListTotal
    records: tuple[ListedRecord, ...]
    href: str
    metric_href: str


@dataclass(frozen=True)
class CashPage:
    """All that the page shows."""

    question: CashQuestion
    facts: Facts
    cash: Cash
    sentence: str
    terms: tuple[Term, ...]
    chart: Chart | None
    steps: tuple[StepRow, ...]
    open_deals: Result
    open_deals_href: str
    mismatches: tuple[MismatchSection, ...]


def read_cash_question(query: QueryDict, today: date) -> CashQuestion:
    """Read period and filters; without dates, all time: what waits does not end with a year.

    Raises:
        BadPeriod: the words or dates name no period.
    """
    calendar = Company.get().fiscal_calendar
    if any(query.get(name) for name in ("period", "from", "to")):
        period = periods.period_from_query(query, today, calendar)
    else:
        period = periods.preset_period(DEFAULT_PERIOD, today, calendar)
    where = {name: query.get(name, "") for name in query if url_params.is_filter(name) and query.get(name)}
    return CashQuestion(period, where)


def cash_query(question: CashQuestion, **changes: Any) -> str:
    return url_params.question_query(Question(question.period, where=dict(question.where)), **changes)


def build_page(user: Reader, question: CashQuestion, facts: Facts | None = None) -> CashPage:
    """Return the page as the reader may know it.

    Raises:
        BadCut: with what deals and invoices can be filtered by.
        PermissionDenied: a filter would show what a colleague achieved.
    """
    facts = facts or open_facts()
    cash = read_cash(user, question, facts)
    where = Question(question.period, where=dict(question.where))
    now = replace(where, period=periods.Period(calendar=question.period.calendar))
    return CashPage(
        question, facts, cash, describe_cash(cash), tuple(_read_terms(cash, where)), draw_identity(cash),
        tuple(_read_steps(cash, question)),
        visibility.compute_for(user, get_metric("open_pipeline"), now.period, where=now.where, facts=facts),
        url_params.records_url("open_pipeline", now),
        tuple(_read_mismatches(user, question, cash, where)),
    )  # fmt: skip


def describe_cash(cash: Cash) -> str:
    """Say how much of what was won is invoiced, and which mismatch holds the most money."""
    total = cash.total
    if not total.deals:
        return "No won deal can be compared with invoices"
    won, invoiced = short_money(total.won, cash.currency), short_money(total.invoiced, cash.currency)
    head = f"{invoiced} of {won} won are invoiced"
    largest = max(cash.mismatches, key=lambda each: abs(each.money))
    if not largest.money:
        return f"{head}, and nothing is stuck"
    n = f"{largest.count} {LISTS[largest.key].noun}{'' if largest.count == 1 else 's'}"
    money = short_money(largest.money, cash.currency)
    return f"{head}; most is stuck in “{LISTS[largest.key].label.lower()}”: {money} in {n}"


def _read_terms(cash: Cash, where: Question) -> Iterable[Term]:
    for key in TERMS:
        metric = get_metric(TERM_METRICS[key])
        value = getattr(cash.total, key)
        yield Term(key, TERM_LABELS[key], value, url_params.metric_url(metric.key, where), metric.definition)


def draw_identity(cash: Cash) -> Chart | None:
    """Draw what became of the money won; None where nothing was won."""
    total, currency = cash.total, cash.currency
    if not total.deals:
        return None
    values = [getattr(total, key) * (-1 if key == "over" else 1) for key in TERMS]
    finding = _find_in_chart(cash)
    trace: dict[str, Any] = {
        "type": "bar",
        "orientation": "h",
        "name": "Money",
        "x": [float(value) for value in values],
        "y": list(TERM_LABELS.values()),
        "text": [short_money(value, currency) for value in values],
        "textposition": "outside",
        "cliponaxis": False,
        "hovertext": [
            f"{label}: {format_exact(value, 'money', currency)}"
            for label, value in zip(TERM_LABELS.values(), values, strict=True)
        ],
        "hoverinfo": "text",
        "marker": {"color": list(TERM_COLORS.values())},
        "showlegend": False,
    }
    low, high = min(0.0, *map(float, values)), max(0.0, *map(float, values))
    axis = build_axis([float(value) for value in values], "money", currency)
    return Chart(
        name="cash-identity",
        title=finding,
        summary=f"What became of the money won. {finding}.",
        figure={
            "data": [trace],
            "layout": {
                "xaxis": axis | {"showgrid": True, "range": [low * 1.28 - high * 0.05, high * 1.28]},
                "yaxis": {
                    "type": "category",
                    "dtick": 1,
                    "autorange": "reversed",
                    "zeroline": False,
                    "showgrid": False,
                },
                "bargap": 0.25,
                "hovermode": "closest",
            },
        },
        unit="money",
        currency=currency,
        head=("", "Money"),
        rows=tuple(zip(TERM_LABELS.values(), values, strict=True)),
    )


def _find_in_chart(cash: Cash) -> str:
    total = cash.total
    missing = total.stalled + total.short
    if not missing and not total.over:
        return "What was won is invoiced, or not yet due"
    parts = [(missing, "of the money won is missing in the invoices"), (total.over, "was invoiced beyond it")]
    return " and ".join(f"{short_money(value, cash.currency)} {tail}" for value, tail in parts if value)


def _read_steps(cash: Cash, question: CashQuestion) -> Iterable[StepRow]:
    for step in cash.steps:
        waiting = cash.lists.get(step.list_key)
        yield StepRow(step, waiting, list_url(question, step.list_key) if waiting else "")


def list_url(question: CashQuestion, key: str) -> str:
    return f"{reverse('cash_list')}?{cash_query(question, list=key)}"


def _read_mismatches(user: Reader, question: CashQuestion, cash: Cash, where: Question) -> Iterable[MismatchSection]:
    for kind in MISMATCHES:
        total = cash.lists[kind.key]
        records = tuple(load_records(user, kind, total.largest))
        metric = url_params.metric_url(kind.metric, where)
        yield MismatchSection(kind, total, records, list_url(question, kind.key), metric)


def load_records(user: Reader, kind: StuckList, rows: Sequence[StuckRow]) -> list[ListedRecord]:
    """Return the rows with their records, in order; one that was deleted meanwhile, or may not be read, is not among them."""
    ids = [row.record_id for row in rows]
    if kind.table == "opportunities":
        deals = Opportunity.objects.visible_to(user).select_related("owner", "account", "lead").in_bulk(ids)
        return [_list_deal(deals[row.record_id], row) for row in rows if row.record_id in deals]
    links = ("account__owner", "opportunity__owner", "opportunity__account")
    invoices = Invoice.objects.visible_to(user).select_related(*links).in_bulk(ids)
    return [_list_invoice(invoices[row.record_id], row) for row in rows if row.record_id in invoices]


def _list_deal(deal: Opportunity, row: StuckRow) -> ListedRecord:
    return ListedRecord(
        deal.name or "Unnamed deal", reverse("pipeline_deal", args=[deal.pk]),
        *_account_of(deal.account), deal.owner.name if deal.owner else "", row, deal.source, deal.external_id,
    )  # fmt: skip


def _list_invoice(invoice: Invoice, row: StuckRow) -> ListedRecord:
    account = invoice.account or (invoice.opportunity and invoice.opportunity.account)
    name, href = _account_of(account)
    owner = (invoice.opportunity and invoice.opportunity.owner) or (account and account.owner)
    label = f"{invoice.get_kind_display()} {invoice.number}".strip()
    return ListedRecord(label, href, name, href, owner.name if owner else "", row, invoice.source, invoice.external_id)


def _account_of(account: Account | None) -> tuple[str, str]:
    if account is None:
        return "", ""
    return account.name or "Unnamed account", reverse("buyer", args=["account", account.pk])


def name_customers(user: Reader, customers: Sequence[Identity]) -> list[tuple[Identity, str, str]]:
    """Return the customers with their names and pages; one that may not be read is shown without them."""
    ids = [each.account_id for each in customers if each.account_id is not None]
    accounts = Account.objects.visible_to(user).in_bulk(ids)
    rows = []
    for each in customers:
        account = accounts.get(each.account_id or 0)
        name, href = _account_of(account)
        rows.append((each, name or ("Deals without an account" if each.account_id is None else "An account"), href))
    return rows
