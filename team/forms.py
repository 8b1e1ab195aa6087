"""What people may write about the company, its people and themselves; forms check shape, actions check sense."""

from datetime import date, time
from functools import cache
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.password_validation import validate_password

from core.fiscal import FiscalCalendar
from core.number_locale import DEFAULT_LOCALE, locale_choices
from team.models import Company, Role, Territory, User, check_cron, currency_code
from team.setup import SetupDetails

LIFETIMES = [(30, "30 days"), (90, "90 days"), (365, "a year")]
SCOPES = [("read", "Read records and numbers"), ("write", "Write records")]


@cache
def zone_choices() -> list[tuple[str, Any]]:
    """Return the time zones by part of the world, UTC first."""
    areas: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(available_timezones()):
        area, _, city = name.partition("/")
        if city and area not in {"Etc", "SystemV"}:
            areas.setdefault(area, []).append((name, city.replace("_", " ").replace("/", ", ")))
    return [("UTC", "UTC"), *areas.items()]


class ZoneField(forms.ChoiceField):
    """A time zone from the list; the one in use stays choosable under whatever name it was given."""

    def __init__(self, *, empty_label: str | None = None, **kwargs: Any) -> None:
        self.empty = [("", empty_label)] if empty_label else []
        super().__init__(choices=lambda: [*self.empty, *zone_choices()], **kwargs)

    def valid_value(self, value: Any) -> bool:
        return value in available_timezones()


class CurrencyField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=3, validators=[currency_code], **kwargs)

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).upper()


class SetupForm(forms.Form):
    token = forms.CharField(
        label="Set-up token", max_length=100, help_text="Accord prints it when it is started.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    company_name = forms.CharField(
        label="Name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )
    currency = CurrencyField(
        help_text="Three letters, like EUR. All money is shown in it.", widget=forms.TextInput(attrs={"size": 4})
    )
    time_zone = ZoneField(label="Time zone", help_text="Days start and end in this time zone.")
    number_format = forms.ChoiceField(
        label="Number format",
        choices=locale_choices,
        required=False,
        help_text="How numbers, money, percent and dates are written. You can change it later on the company page.",
    )
    name = forms.CharField(label="Your name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(
        label="Your e-mail", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        help_text="At least 12 characters; a few words in a row are best.", strip=False, max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    password_again = forms.CharField(
        label="Password, again", strip=False, max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip

    def clean_number_format(self) -> str:
        return str(self.cleaned_data["number_format"] or self.initial.get("number_format", DEFAULT_LOCALE))

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if User.objects.filter(email=email).exists():
            raise forms.ValidationError("Another account uses this address. Use another address.")
        return email

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        password, again = cleaned.get("password"), cleaned.get("password_again")
        if password and again and password != again:
            self.add_error("password_again", "The two passwords differ. Enter the same password twice.")
        elif password:
            self._check_strength(password)
        return cleaned

    def _check_strength(self, password: str) -> None:
        try:
            validate_password(password, User(name=self.data.get("name", ""), email=self.data.get("email", "")))
        except forms.ValidationError as error:
            self.add_error("password", error)

    def to_setup_details(self) -> SetupDetails:
        names = ["company_name", "currency", "time_zone", "number_format", "name", "email", "password"]
        return SetupDetails(**{name: self.cleaned_data[name] for name in names})


class DemoSignInForm(forms.Form):
    email = forms.EmailField()
    next = forms.CharField(required=False)


class PeopleForm(forms.Form):
    """What the list of people is narrowed to."""

    q = forms.CharField(label="Search", required=False, max_length=100)
    role = forms.ChoiceField(required=False, choices=[("", "All roles"), *Role.choices])


class PersonForm(forms.ModelForm):
    time_zone = ZoneField(label="Time zone", required=False, empty_label="The company’s")

    class Meta:
        model = User
        fields = ["name", "email", "role", "territory", "manager", "time_zone", "is_active"]
        labels = {"email": "E-mail", "is_active": "May sign in"}
        help_texts = {
            "role": "Determines the side, the first page and the permissions.",
            "manager": "Sees the work of all people who report to them.",
            "is_active": "If you clear this, all sessions and API tokens end at once.",
        }
        error_messages: ClassVar[dict[str, Any]] = {"email": {"unique": "This address cannot be used. Choose another."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = True
        people = User.objects.filter(is_active=True).exclude(pk=self.instance.pk)
        self.fields["manager"].queryset = people  # type: ignore[attr-defined]
        self.fields["manager"].empty_label = "No manager"  # type: ignore[attr-defined]
        self.fields["territory"].empty_label = "None"  # type: ignore[attr-defined]
        if self.instance.pk is None:
            del self.fields["is_active"]

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


KEPT_WHEN_MISSING = (
    "number_format", "foreign_amounts", "fiscal_first_month", "fiscal_week_end", "fiscal_year_name", "attribution_model",
    "journey_basis", "attribution_half_life",
)  # fmt: skip
CASH_DAYS = ("invoice_within_days", "payment_term_days", "live_within_days")


class CompanyForm(forms.ModelForm):
    currency = CurrencyField(required=False, help_text=Company._meta.get_field("currency").help_text)
    time_zone = ZoneField(label="Time zone", help_text="Days, months and the nightly run use this time zone.")
    nightly_time = forms.TimeField(
        label="Nightly run at", error_messages={"required": "Enter a time or another schedule."}, help_text="The time at which all numbers are recomputed, in the company’s time zone.",
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
    )  # fmt: skip
    nightly_cron = forms.CharField(
        label="Cron line", required=False, max_length=40,
        help_text="Minute, hour, day, month, weekday: 0 3 * * 1-5 is 03:00 on working days. If filled in, it replaces the choice above.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip

    class Meta:
        model = Company
        fields = [
            "name", "currency", "time_zone", "number_format", "foreign_amounts", "visibility", "achievement",
            "fiscal_first_month", "fiscal_week_start", "fiscal_week_end", "fiscal_year_name", "attribution_model",
            "journey_basis", "attribution_half_life", "counts_incoming_activities", *CASH_DAYS,
        ]  # fmt: skip
        help_texts = {
            "visibility": "By default everyone sees every buyer, because anyone who meets a customer should know the whole history. "
            "If restricted, reps, marketers and support see only the buyers that they or their team own; "
            "leaders, ops and finance always see all.",
            "fiscal_first_month": "Years, quarters, goals and comparisons follow it.",
            "achievement": "Agree on it with both sides before you change it: it determines whose quota and attainment are shown.",
        }
        labels = {
            "number_format": "Number format",
            "foreign_amounts": "Amounts in other currencies",
            "visibility": "Who reads which buyers",
            "achievement": "Who sees achievement against plan",
            "fiscal_first_month": "Fiscal year begins in",
            "fiscal_week_start": "First day of a 4-4-5 fiscal year",
            "fiscal_week_end": "A 4-4-5 fiscal year ends on the weekday",
            "fiscal_year_name": "A fiscal year is named after",
            "attribution_model": "Attribution model",
            "journey_basis": "Journeys of buyers",
            "attribution_half_life": "Half-life of time decay, in days",
            "counts_incoming_activities": "Incoming activities count as touches",
            "invoice_within_days": "Invoice within, in days",
            "payment_term_days": "Payment terms, in days",
            "live_within_days": "Live within, in days",
        }
        widgets = {
            **dict.fromkeys(
                (
                    "foreign_amounts",
                    "visibility",
                    "achievement",
                    "fiscal_week_end",
                    "fiscal_year_name",
                    "journey_basis",
                ),
                forms.RadioSelect,
            ),
            "fiscal_week_start": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in (*KEPT_WHEN_MISSING, *CASH_DAYS):
            self.fields[name].required = False
        daily = daily_time(self.instance.nightly_at)
        self.initial["nightly_time" if daily else "nightly_cron"] = daily or self.instance.nightly_at
        self.fields["nightly_time"].required = not (self.data or self.initial).get("nightly_cron")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        cleaned |= {name: cleaned.get(name) or self.initial[name] for name in KEPT_WHEN_MISSING}
        cleaned |= {name: self.initial[name] for name in CASH_DAYS if cleaned.get(name) is None}  # 0 days are days
        if start := cleaned.get("fiscal_week_start"):
            self._check_week_start(start, is_last=cleaned["fiscal_week_end"] == "last")
        return cleaned

    def _check_week_start(self, start: date, *, is_last: bool) -> None:
        by_rule = FiscalCalendar(week_start=start, is_last_weekday=is_last).year_of(start).start
        if by_rule != start:
            self.add_error(
                "fiscal_week_start",
                f"By this rule that fiscal year begins on {by_rule}. Enter this day, or choose the other rule.",
            )

    def clean_nightly_cron(self) -> str:
        line = " ".join(str(self.cleaned_data["nightly_cron"]).split())
        if line:
            check_cron(line)
        return line

    def to_company_fields(self) -> dict[str, Any]:
        """Return the company's fields as the action takes them."""
        fields = {name: self.cleaned_data[name] for name in self._meta.fields or []}
        line = self.cleaned_data["nightly_cron"] or daily_cron(self.cleaned_data["nightly_time"])
        return {**fields, "nightly_at": line}


def daily_time(line: str) -> time | None:
    """Return the time of day that a cron line like “30 3 * * *” names, None for any other rhythm."""
    minute, _, rest = line.partition(" ")
    hour, _, days = rest.partition(" ")
    if days != "* * *" or not (minute.isdecimal() and hour.isdecimal()):
        return None
    return time(int(hour), int(minute))


def daily_cron(at: time) -> str:
    return f"{at.minute} {at.hour} * * *"


class TerritoryForm(forms.ModelForm):
    class Meta:
        model = Territory
        fields = ["name", "parent"]
        labels = {"parent": "Lies within"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].queryset = Territory.objects.exclude(pk=self.instance.pk)  # type: ignore[attr-defined]
        self.fields["parent"].empty_label = "No other"  # type: ignore[attr-defined]


class ProfileForm(forms.ModelForm):
    time_zone = ZoneField(label="Time zone", required=False, empty_label="The company’s")

    class Meta:
        model = User
        fields = ["name", "time_zone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = True


class EmailForm(forms.Form):
    email = forms.EmailField(
        label="New address", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class TokenForm(forms.Form):
    name = forms.CharField(label="Purpose", max_length=120)
    scopes = forms.MultipleChoiceField(
        label="Scopes", choices=SCOPES, initial=["read"], widget=forms.CheckboxSelectMultiple
    )
    days = forms.TypedChoiceField(label="Valid for", choices=LIFETIMES, coerce=int, initial=90)
