"""One's own notices, and the number of unread ones in the header of every page."""

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
    page = Paginator(queries.notices_for(user), PER_PAGE).get_page(request.GET.get("page"))
    rows = [(notice, queries.is_page_link(notice.event.link)) for notice in page]
    return render(request, "notify/notices.html", {"page": page, "rows": rows, "unread": queries.count_unread(user)})


@never_cache
@require_safe
def unread_count(request: HttpRequest) -> HttpResponse:
    """Return the number of unread notices, polled every half minute; empty once the session has ended."""
    if not request.user.is_authenticated:
        return HttpResponse(status=204)
    position = request.GET.get("place", "")
    context = {"unread": queries.count_unread(request.user), "place": position if position in PLACES else "side"}
    return render(request, "notify/bell.html", context)


@login_required
@require_safe
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Redirect to the page that a notice is about, and mark the notice as read."""
    notice = get_object_or_404(Notice.objects.select_related("event"), pk=pk, user=request.user)
    mark_read(user=cast(User, request.user), notice_ids=[notice.pk])
    return redirect(notice.event.link if queries.is_page_link(notice.event.link) else "notices")


@login_required
@require_POST
def mark_notices_read(request: HttpRequest) -> HttpResponse:
    """Mark all of one's notices as read, or only the one in the form."""
    notice_id = read_id(request.POST.get("notice", ""))
    mark_read(user=cast(User, request.user), notice_ids=None if notice_id is None else [notice_id])
    return redirect("notices")
