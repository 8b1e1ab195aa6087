"""Who changes working hours, and whom they bind."""

from collections.abc import Iterable

from django.db import transaction

from team.calendars.business_time import week_from_json, week_to_json
from team.models import Calendar, Company, Territory, User
from team.permissions import MANAGE_CALENDARS


@transaction.atomic
def save_calendar(
    *,
    by: User,
    calendar: Calendar,
    is_company: bool = False,
    territories: Iterable[Territory] = (),
    people: Iterable[User] = (),
) -> Calendar:
    """Add a calendar or change it, and say whom it binds. Clocks that run keep their deadlines.

    Raises:
        ValidationError: hours that never open, or a country whose holidays no one knows.
    """
    MANAGE_CALENDARS.require(by)
    calendar.full_clean()
    calendar.week = week_to_json(week_from_json(calendar.week))  # a span past midnight becomes two
    calendar.save()
    Company.get()
    company = Company.objects.select_for_update().get()
    if is_company != (company.calendar_id == calendar.pk):
        company.calendar = calendar if is_company else None
        company.save()
    _assign_calendar(Territory, calendar, [row.pk for row in territories])
    _assign_calendar(User, calendar, [row.pk for row in people])
    return calendar


def _assign_calendar(model: type[Territory] | type[User], calendar: Calendar, ids: list[int]) -> None:
    model.objects.filter(calendar=calendar).exclude(pk__in=ids).update(calendar=None)
    model.objects.filter(pk__in=ids).update(calendar=calendar)


def remove_calendar(*, by: User, calendar: Calendar) -> None:
    """Remove a calendar; its people fall back to the next one: the manager's, the territory's, the company's."""
    MANAGE_CALENDARS.require(by)
    calendar.delete()
