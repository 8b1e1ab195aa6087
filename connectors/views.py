"""The pages of the connectors."""

from typing import Any, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from connectors import actions, report
from connectors.allowed_hosts import ForbiddenAddress
from connectors.connector_type import ConnectorType, SignInMethod
from connectors.errors import Fault
from connectors.forms import ConnectorForm
from connectors.models import Connector
from connectors.registry import connector_type, connector_types
from core.htmx import render_live
from core.tasks import enqueue
from team.access import require_right
from team.models import User

PULLS_PER_PAGE = 25
CONNECTORS_PER_PAGE = 25
form_view = require_http_methods(["GET", "HEAD", "POST"])


@require_right("import")
@require_safe
def connectors(request: HttpRequest) -> HttpResponse:
    """List the connectors: the status of each, when it pulled last and will pull next, how far it lags."""
    page = Paginator(Connector.objects.all(), CONNECTORS_PER_PAGE).get_page(request.GET.get("page"))
    connected = set(Connector.objects.values_list("source", flat=True))
    context = {
        "page": page,
        "standings": report.connector_statuses(page),
        "available": [declared for source, declared in connector_types().items() if source not in connected],
    }
    return render(request, "connectors/connectors.html", context)


@require_right("import")
@require_safe
def connector(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one connector and its pulls; the live region asks for itself while a pull is at work."""
    connector = get_object_or_404(Connector, pk=pk)
    page = Paginator(report.pull_history(connector), PULLS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"standing": report.connector_statuses([connector])[0], "connector": connector, "page": page}
    return render_live(request, "connectors/connector.html", context)


@sensitive_post_parameters()
@never_cache
@require_right("import")
@form_view
def add_connector(request: HttpRequest, source: str, method: str) -> HttpResponse:
    """Add a connector to a source, signed in to in one way."""
    declared, sign_in_method = _method_or_404(source, method)
    form = ConnectorForm(request.POST or None, connector_type=declared, method=sign_in_method)
    if request.method == "POST" and "test" in request.POST:
        return _test_result(request, form)
    if request.method == "POST" and form.is_valid():
        connector = actions.add_connector(
            by=_user(request), source=source, filled=form.credentials(), **form.connector_fields()
        )
        messages.success(request, f"{connector} is saved. Pull now, or wait for its schedule.")
        return redirect("connector", connector.pk)
    return _form_page(request, form)


@sensitive_post_parameters()
@never_cache
@require_right("import")
@form_view
def edit_connector(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a connector; what is secret is kept where nothing new is written."""
    connector = get_object_or_404(Connector, pk=pk)
    declared, sign_in_method = _method_or_404(connector.source, request.GET.get("method", connector.method))
    form = ConnectorForm(request.POST or None, connector_type=declared, method=sign_in_method, connector=connector)
    if request.method == "POST" and "test" in request.POST:
        return _test_result(request, form)
    if request.method == "POST" and form.is_valid():
        filled = form.credentials() if form.has_new_sign_in or connector.trouble else None
        actions.change_connector(by=_user(request), connector=connector, filled=filled, **form.connector_fields())
        messages.success(request, f"{connector} is saved.")
        return redirect("connector", pk)
    return _form_page(request, form)


def _method_or_404(source: str, method: str) -> tuple[ConnectorType, SignInMethod]:
    try:
        declared = connector_type(source)
        return declared, declared.method(method)
    except LookupError:  # UnknownSource, or no such method
        raise Http404 from None


def _form_page(request: HttpRequest, form: ConnectorForm, **context: Any) -> HttpResponse:
    others = [method for method in form.connector_type.sign_in_methods if method.key != form.method.key]
    context = {
        "form": form,
        "connector_type": form.connector_type,
        "method": form.method,
        "connector": form.connector,
        "others": others,
        **context,
    }
    return render_live(request, "connectors/connector_form.html", context, region="tested")


def _test_result(request: HttpRequest, form: ConnectorForm) -> HttpResponse:
    """Try to sign in with what is on the form, and say how it went; nothing is saved."""
    if not form.is_valid():
        return _form_page(request, form, failed="Some fields are missing or not valid. Correct them first.")
    values = form.connector_fields()
    try:
        name = actions.test_sign_in(
            by=_user(request), source=form.connector_type.source, base_url=values["base_url"], method=values["method"], filled=form.credentials()
        )  # fmt: skip
    except (Fault, ForbiddenAddress) as error:
        return _form_page(request, form, failed=str(error))
    return _form_page(request, form, succeeded=name)


@require_right("import")
@require_POST
def pull_now(request: HttpRequest, pk: int) -> HttpResponse:
    """Start a pull and enqueue it. A message that is lost is sent again by the next tick."""
    connector = get_object_or_404(Connector, pk=pk)
    if not connector.is_enabled:
        messages.error(request, f"{connector} is off. Switch it on first.")
        return redirect("connector", pk)
    pull = actions.pull_now(by=_user(request), connector=connector)
    transaction.on_commit(lambda: enqueue(pull), robust=True)
    return redirect("connector", pk)


@require_right("import")
@require_POST
def change_state(request: HttpRequest, pk: int, change: str) -> HttpResponse:
    """Switch a connector on or off, stop its pull, or have everything read again."""
    connector = get_object_or_404(Connector, pk=pk)
    act, message = CHANGES[change]
    act(by=_user(request), connector=connector)
    messages.success(request, message.format(name=connector))
    return redirect("connector", pk)


CHANGES = {
    "on": (actions.enable_connector, "{name} is on. It pulls on its schedule again."),
    "off": (actions.disable_connector, "{name} is off."),
    "stop": (actions.cancel_pull, "The pull is stopped."),
    "again": (actions.pull_everything_again, "The next pull reads all records again; unchanged records stay the same."),
}


@require_right("import")
@require_POST
def remove_connector(request: HttpRequest, pk: int) -> HttpResponse:
    connector = get_object_or_404(Connector, pk=pk)
    actions.remove_connector(by=_user(request), connector=connector)
    messages.success(request, f"{connector} and its credentials are deleted. The records that it imported stay.")
    return redirect("connectors")


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
