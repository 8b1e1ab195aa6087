"""One's own notices, and the bell that counts them."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from core.request_values import read_id
from notify import queries
from notify.actions import mark_read
from notify.models import Notice
from team.models import User

PER_PAGE = 50
PLACES = {"side", "top"}


@login_required
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    page = Paginator(queries.notices(user), PER_PAGE).get_page(request.GET.get("page"))
    rows = [(notice, queries.leads_somewhere(notice.event.link)) for notice in page]
    return render(request, "notify/notices.html", {"page": page, "rows": rows, "unread": queries.unread(user)})


@never_cache
@require_safe
def bell(request: HttpRequest) -> HttpResponse:
    """Answer the bell's look every half minute; who is signed out meanwhile hears nothing more."""
    if not request.user.is_authenticated:
        return HttpResponse(status=204)
    place = request.GET.get("place", "")
    context = {"unread": queries.unread(request.user), "place": place if place in PLACES else "side"}
    return render(request, "notify/bell.html", context)


@login_required
@require_safe
def look(request: HttpRequest, pk: int) -> HttpResponse:
    """Go to what a notice tells of; it is read then."""
    notice = get_object_or_404(Notice.objects.select_related("event"), pk=pk, user=request.user)
    mark_read(user=cast(User, request.user), notice_ids=[notice.pk])
    return redirect(notice.event.link if queries.leads_somewhere(notice.event.link) else "notices")


@login_required
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark all of one's notices as read, or the one that is named."""
    named = read_id(request.POST.get("notice", ""))
    mark_read(user=cast(User, request.user), notice_ids=None if named is None else [named])
    return redirect("notices")
