"""The form of a calendar: its week as people write it, its holidays, and whom it binds."""

import re
from functools import cache
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from holidays.registry import COUNTRIES

from core.request_values import BadValue, read_date
from team.calendars.public_holidays import public_holidays
from team.forms import ZoneField
from team.hours import DAYS, read_week, write_spans
from team.models import Calendar, Company, Territory, User, office_hours

DAY_HINT = "Like 09:00–12:30, 13:30–17:00, or 22:00–06:00 until the next morning. Empty: closed."


@cache
def country_choices() -> list[tuple[str, str]]:
    """Return the countries whose public holidays are known, by name."""
    names = {codes[0]: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name) for name, *codes in COUNTRIES.values()}
    every = sorted((f"{name} ({code})", code) for code, name in names.items())
    return [("", "None: no public holidays"), *((code, label) for label, code in every)]


class CalendarForm(forms.Form):
    name = forms.CharField(max_length=120)
    time_zone = ZoneField(
        label="Time zone", required=False, empty_label="That of each person, else that of the company"
    )
    country = forms.ChoiceField(label="Public holidays of", choices=country_choices, required=False)
    region = forms.CharField(
        label="State within the country", max_length=10, required=False, help_text="Where holidays differ: BY, CA, …"
    )
    closed_days = forms.CharField(
        label="Further days off", required=False, widget=forms.Textarea(attrs={"rows": 3, "cols": 20}),
        help_text="One a line, like 2026-12-24.",
    )  # fmt: skip
    is_company = forms.BooleanField(label="Applies to everyone without another calendar", required=False)
    territories = forms.ModelMultipleChoiceField(
        Territory.objects.all(),
        label="Applies to the people of",
        required=False,
        help_text="Includes their sub-territories.",
    )
    people = forms.ModelMultipleChoiceField(
        User.objects.filter(is_active=True),
        label="Applies to",
        required=False,
        help_text="Includes the people who report to them.",
    )

    def __init__(self, calendar: Calendar, data: Any = None) -> None:
        self.calendar = calendar
        super().__init__(data, initial=_initial_values(calendar))
        for weekday, day_name in enumerate(DAYS):
            self.fields[f"day_{weekday}"] = forms.CharField(
                label=day_name, required=False, max_length=200, help_text=DAY_HINT if weekday == 0 else ""
            )
        self.order_fields(["name", *(f"day_{weekday}" for weekday in range(7))])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        cleaned["week"], errors = read_week({day: cleaned.get(f"day_{day}", "") for day in range(7)})
        for day, message in errors.items():
            self.add_error(f"day_{day}", message)
        if not cleaned["week"] and not self.errors:
            self.add_error("day_0", "Enter working hours for at least one day of the week.")
        cleaned["closed_days"] = self._parse_closed_days(cleaned.get("closed_days", ""))
        try:
            public_holidays(cleaned.get("country", ""), cleaned.get("region", ""), [2026])
        except ValidationError as error:
            self.add_error("region", error)
        return cleaned

    def clean_name(self) -> str:
        name = cast(str, self.cleaned_data["name"]).strip()
        if Calendar.objects.filter(name=name).exclude(pk=self.calendar.pk).exists():
            raise ValidationError("Another calendar has this name.")
        return name

    def _parse_closed_days(self, text: str) -> list[str]:
        days: set[str] = set()
        for line in filter(None, map(str.strip, text.splitlines())):
            try:
                day = read_date(line)
            except BadValue as error:
                self.add_error("closed_days", str(error))
            else:
                days |= {day.isoformat()} if day else set()
        return sorted(days)

    def to_calendar(self) -> Calendar:
        """Return the calendar as the form says, not saved."""
        for name in ("name", "week", "time_zone", "country", "region", "closed_days"):
            setattr(self.calendar, name, self.cleaned_data[name])
        return self.calendar

    def assignments(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("is_company", "territories", "people")}


def _initial_values(calendar: Calendar) -> dict[str, Any]:
    week = calendar.week if calendar.pk else office_hours()
    spans_by_day = {f"day_{weekday}": write_spans(week.get(str(weekday), [])) for weekday in range(7)}
    if not calendar.pk:
        return spans_by_day
    fields = {name: getattr(calendar, name) for name in ("name", "time_zone", "country", "region")}
    return {
        **spans_by_day, **fields, "closed_days": "\n".join(calendar.closed_days), "is_company": Company.get().calendar_id == calendar.pk,
        "territories": calendar.territories.all(), "people": calendar.people.all(),
    }  # fmt: skip
