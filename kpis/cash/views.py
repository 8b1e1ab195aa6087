"""The page Market to cash, and the lists of what is stuck."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from core import periods
from core.csv_export import csv_response
from core.htmx import render_live
from core.periods import BadPeriod
from crm.models import Invoice, Opportunity
from crm.readable import is_limited
from facts.engine import open_facts
from kpis.cash import page
from kpis.cash.lists import LISTS
from kpis.cash.page import CashPage, cash_query, read_cash_question
from kpis.cash.reading import TERMS, CashQuestion, StuckRow, read_cash, read_list
from kpis.dashboard import Question
from kpis.metric_page import filter_labels
from kpis.registry import BadCut
from team.access import has_right
from team.models import Company, User

ROWS, CUSTOMERS, CHUNK = 50, 25, 500


@login_required
@require_GET
def cash_page(request: HttpRequest) -> HttpResponseBase:
    """Show the path from first touch to adoption for the period and filters of the address; a bad one is explained."""
    user, today = cast(User, request.user), Company.today()
    fault = ""
    try:
        shown = page.build_page(user, read_cash_question(request.GET, today))
    except (BadPeriod, BadCut) as error:
        fault, shown = str(error), page.build_page(user, _default_question())
    if request.GET.get("format") == "csv" and not fault:
        return csv_response("market-to-cash", _customer_rows(user, shown))
    customers = Paginator(shown.cash.customers, CUSTOMERS).get_page(request.GET.get("page"))
    context = _shared_context(user, shown.question) | {
        "shown": shown,
        "cash": shown.cash,
        "fault": fault,
        "customers": page.name_customers(user, list(customers.object_list)),
        "page": customers,
        "as_of": shown.facts.as_of,
        "has_deals": Opportunity.objects.visible_to(user).exists(),
        "has_invoices": Invoice.objects.visible_to(user).exists(),
        "may_import": has_right(user, "import"),
        "may_change_days": has_right(user, "manage_company"),
    }
    return render_live(request, "kpis/cash/cash.html", context, status=400 if fault else 200)


def _shared_context(user: User, question: CashQuestion) -> dict[str, Any]:
    return {
        "period": question.period,
        "presets": periods.PRESETS,
        "filters": filter_labels(Question(question.period, where=dict(question.where)), user),
        "query": cash_query(question),
        "company": Company.get(),
        "is_limited": is_limited(user),
    }


def _default_question() -> CashQuestion:
    return CashQuestion(periods.preset_period(page.DEFAULT_PERIOD, Company.today(), Company.get().fiscal_calendar))


def _customer_rows(user: User, shown: CashPage) -> Iterator[Iterable[Any]]:
    """Yield the identity of every customer and of all as rows of a sheet."""
    yield ["Customer", "Id", "Deals", *(page.TERM_LABELS[key] for key in TERMS), "Currency"]
    customers, currency = shown.cash.customers, shown.cash.currency
    for first in range(0, len(customers), CHUNK):
        for each, name, _ in page.name_customers(user, customers[first : first + CHUNK]):
            yield [name, each.account_id or "", each.deals, *(getattr(each, key) for key in TERMS), currency]
    total = shown.cash.total
    yield ["Total", "", total.deals, *(getattr(total, key) for key in TERMS), currency]


@login_required
@require_GET
def cash_list(request: HttpRequest) -> HttpResponseBase:
    """List the deals or invoices that wait at a step or do not match."""
    user = cast(User, request.user)
    if (key := request.GET.get("list", "")) not in LISTS:
        raise Http404("There is no such list. Open it from the page Market to cash.")
    facts, fault = open_facts(), ""
    try:
        question = read_cash_question(request.GET, Company.today())
        cash = read_cash(user, question, facts)
    except (BadPeriod, BadCut) as error:
        fault, question = str(error), _default_question()
        cash = read_cash(user, question, facts)
    rows = read_list(user, question, key, cash.currency, facts)
    if request.GET.get("format") == "csv" and not fault:
        return csv_response(f"cash-{key.replace('_', '-')}", _list_rows(user, key, rows, cash.currency))
    shown = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    context = _shared_context(user, question) | {
        "kind": LISTS[key],
        "total": cash.lists[key],
        "currency": cash.currency,
        "fault": fault,
        "records": page.load_records(user, LISTS[key], list(shown.object_list)),
        "page": shown,
        "as_of": facts.as_of,
    }
    return render(request, "kpis/cash/list.html", context, status=400 if fault else 200)


def _list_rows(user: User, key: str, rows: Sequence[StuckRow], currency: str) -> Iterator[Iterable[Any]]:
    """Yield the records of a list as rows of a sheet, with the ids they have here and in their source."""
    kind = LISTS[key]
    yield [
        kind.noun.capitalize(), "Customer", "Owner", "Money", "Currency", kind.days_label, "Difference", "Source",
        "External id", "Id",
    ]  # fmt: skip
    for first in range(0, len(rows), CHUNK):
        for record in page.load_records(user, kind, rows[first : first + CHUNK]):
            yield [
                record.name, record.account, record.owner, record.row.money, currency, record.row.days, record.difference,
                record.source, record.external_id, record.row.record_id,
            ]  # fmt: skip
