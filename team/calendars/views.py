"""Working hours: everyone reads by which their clock runs, an ops admin keeps them."""

from dataclasses import dataclass
from datetime import date
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from holidays import country_holidays

from team.access import has_right, require_right
from team.calendars.actions import remove_calendar, save_calendar
from team.calendars.forms import CalendarForm
from team.calendars.queries import HoursBook, Person
from team.hours import week_in_words
from team.models import Calendar, Company, User

PER_PAGE = 25
NEXT_DAYS = 12


@dataclass(frozen=True)
class DayOff:
    day: date
    name: str


def days_off(calendar: Calendar, today: date) -> list[DayOff]:
    """Return the days on which a calendar is closed from today on, the next first: public holidays and further ones."""
    names_by_day: dict[date, str] = {date.fromisoformat(day): "Closed" for day in calendar.closed_days}
    if calendar.country:
        years = [today.year, today.year + 1]
        public = country_holidays(calendar.country, subdiv=calendar.region or None, years=years, language="en_US")
        names_by_day |= {day: str(name) for day, name in public.items()}
    return [DayOff(day, names_by_day[day]) for day in sorted(names_by_day) if day >= today]


@login_required
@require_safe
def calendar_list(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    rows = Calendar.objects.annotate(
        how_many=Count("people", filter=Q(people__is_active=True), distinct=True),
        places=Count("territories", distinct=True),
    )
    page = Paginator(rows.order_by("name"), PER_PAGE).get_page(request.GET.get("page"))
    book = HoursBook()
    context = {
        "page": page,
        "rows": [(row, week_in_words(row.week)) for row in page],
        "mine": book.of(Person(user, user.territory_id)),
        "company": Company.get(),
        "may_keep": has_right(user, "manage_company"),
    }
    return render(request, "team/calendars.html", context)


@login_required
@require_safe
def calendar_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one calendar: its week, its next days off, and whom it binds."""
    calendar = get_object_or_404(Calendar, pk=pk)
    company = Company.get()
    context = {
        "calendar": calendar,
        "week": week_in_words(calendar.week),
        "days_off": days_off(calendar, timezone.localtime(timezone.now(), company.zone).date())[:NEXT_DAYS],
        "people": Paginator(calendar.people.filter(is_active=True), PER_PAGE).get_page(request.GET.get("page")),
        "territories": calendar.territories.all()[:PER_PAGE],
        "is_company": company.calendar_id == calendar.pk,
        "may_keep": has_right(request.user, "manage_company"),
    }
    return render(request, "team/calendar.html", context)


@require_right("manage_company")
@require_http_methods(["GET", "HEAD", "POST"])
def edit_calendar(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Add a calendar, or change one."""
    calendar = get_object_or_404(Calendar, pk=pk) if pk else Calendar()
    form = CalendarForm(calendar, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_calendar(by=cast(User, request.user), calendar=form.to_calendar(), **form.assignments())
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, f"{saved} is saved. It applies to every clock that starts from now on.")
            return redirect("calendar", saved.pk)
    status = 422 if request.method == "POST" else 200
    title = Calendar.objects.get(pk=pk).name if pk else "Add a calendar"
    return render(
        request, "team/calendar_form.html", {"form": form, "calendar": calendar, "title": title}, status=status
    )


@require_right("manage_company")
@require_POST
def delete_calendar(request: HttpRequest, pk: int) -> HttpResponse:
    calendar = get_object_or_404(Calendar, pk=pk)
    remove_calendar(by=cast(User, request.user), calendar=calendar)
    messages.success(request, f"{calendar} is gone.")
    return redirect("calendars")
