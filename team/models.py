"""The company and its people."""

from calendar import month_name
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from datetime import UTC, date, datetime
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import connection, models, transaction
from django.utils import timezone

from core.encryption import SealedField
from core.fiscal import FiscalCalendar
from core.number_locale import DEFAULT_LOCALE, locale_choices
from team.accounts.models import RECORD_CHANGES, AccountChange, ConsentRequest
from team.calendars.business_time import week_from_json
from team.calendars.public_holidays import public_holidays

__all__ = ["AccountChange", "ConsentRequest"]

_company_cache: ContextVar[list[Any] | None] = ContextVar(
    "company", default=None
)  # the company, while a request is answered


class Side(models.TextChoices):
    MARKETING = "marketing", "Marketing"
    SALES = "sales", "Sales"
    EXECUTIVE = "executive", "Executive"
    FINANCE = "finance", "Finance"
    SUPPORT = "support", "Support"
    NEUTRAL = "neutral", "Neutral"


class Role(models.TextChoices):
    CEO = "ceo", "CEO"
    CMO = "cmo", "CMO"
    CRO = "cro", "CRO"
    REP = "rep", "Sales rep"
    MARKETER = "marketer", "Marketer"
    OPS = "ops", "Ops admin"
    CFO = "cfo", "CFO"
    SUPPORT = "support", "Support"

    @property
    def side(self) -> Side:
        return SIDES[self]


SIDES: dict[str, Side] = {
    Role.CEO: Side.EXECUTIVE,
    Role.CMO: Side.MARKETING,
    Role.CRO: Side.SALES,
    Role.REP: Side.SALES,
    Role.MARKETER: Side.MARKETING,
    Role.OPS: Side.NEUTRAL,
    Role.CFO: Side.FINANCE,
    Role.SUPPORT: Side.SUPPORT,
}


def check_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(f"“{name}” is not a valid time zone. Use a name such as Europe/Berlin.")


def check_cron(line: str) -> None:
    try:
        next(CronSim(line, datetime.now(UTC)))
    except (CronSimError, StopIteration):
        raise ValidationError(
            "This is not a valid cron expression, or it never matches a date. Use minute, hour, day, month, weekday, such as 0 3 * * *."
        ) from None


currency_code = RegexValidator(r"^[A-Z]{3}$", "Write the currency as three capital letters, such as EUR.")


def check_spans(week: Any) -> None:
    """Refuse opening hours that are no {"0": [["09:00", "17:00"], …]}, Monday being 0."""
    try:
        spans_by_weekday = week_from_json(week)
    except (ValueError, TypeError, AttributeError):
        raise ValidationError(
            'Write the hours by weekday, Monday being 0, like {"0": [["09:00", "12:30"], ["13:30", "17:00"]]}.'
        ) from None
    if not any(spans_by_weekday.values()):
        raise ValidationError("Enter working hours for at least one day of the week.")


def check_days(days: Any) -> None:
    """Refuse anything but a list of days, like ["2026-12-24"]."""
    try:
        [date.fromisoformat(day) for day in days]
    except (ValueError, TypeError):
        raise ValidationError('Write days like ["2026-12-24"].') from None


def office_hours() -> dict[str, list[list[str]]]:
    """Monday to Friday, nine to five: the default hours."""
    return {str(weekday): [["09:00", "17:00"]] for weekday in range(5)}


class Calendar(models.Model):
    """When a team works: several spans a day, the holidays of a country, further days on which it is closed.

    It binds a person, a manager's team, a territory and all within it, or the whole company. Its times are those of
    its own zone, else of each person's, else of the company's.
    """

    name = models.CharField(max_length=120, unique=True)
    week = models.JSONField(
        default=office_hours,
        validators=[check_spans],
        help_text="Spans by weekday; Monday is 0. Midnight as an end is 00:00.",
    )
    time_zone = models.CharField(
        max_length=64,
        blank=True,
        validators=[check_time_zone],
        help_text="Empty: that of each person, else that of the company.",
    )
    country = models.CharField(
        max_length=2, blank=True, help_text="Whose public holidays are free: DE, US, … Empty: none."
    )
    region = models.CharField(
        max_length=10, blank=True, help_text="The state within the country, where holidays differ: BY, CA, …"
    )
    closed_days = models.JSONField(default=list, blank=True, validators=[check_days], help_text="Further days off.")

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a country or state whose holidays are not known: no deadline could be computed with it."""
        public_holidays(self.country, self.region, [2026])


class Territory(models.Model):
    """A part of the market that people answer for; territories nest."""

    name = models.CharField(max_length=120, unique=True)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    calendar = models.ForeignKey(Calendar, on_delete=models.SET_NULL, null=True, blank=True, related_name="territories")

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "territories"

    def __str__(self) -> str:
        return self.name


class Company(models.Model):
    """The one company of this deployment, and what it has decided about itself."""

    class Visibility(models.TextChoices):
        OPEN = "open", "Everyone sees every buyer"
        RESTRICTED = "restricted", "Reps see their own buyers and those of their team"

    class Achievement(models.TextChoices):
        EVERYBODY = "everybody", "Everybody"
        TEAM = "team", "The person and their manager"
        LEADERS = "leaders", "Leaders only"

    class ForeignAmounts(models.TextChoices):
        KEEP = "keep", "Keep them unchanged: a metric counts one currency and shows what it leaves out"
        CONVERT = "convert", "Convert them at the rate of their day: the import refuses an amount without a rate"

    class AttributionModel(models.TextChoices):
        FIRST = "first", "First touch"
        LAST = "last", "Last touch"
        LINEAR = "linear", "Linear"
        U_SHAPED = "u_shaped", "U-shaped"
        W_SHAPED = "w_shaped", "W-shaped"
        FULL_PATH = "full_path", "Full path"
        J_SHAPED = "j_shaped", "J-shaped"
        TIME_DECAY = "time_decay", "Time decay"
        MARKOV = "markov", "Markov"
        SHAPLEY = "shapley", "Shapley"

    class JourneyBasis(models.TextChoices):
        COMPANY = "company", "Per company: the touches of all its people count"
        PERSON = "person", "Per person: only the touches of the person of the lead or deal count"

    name = models.CharField(max_length=120, default="My company")
    currency = models.CharField(
        max_length=3,
        blank=True,
        validators=[currency_code],
        help_text="Three letters, such as EUR. Empty until the first import sets it.",
    )
    time_zone = models.CharField(max_length=64, default="UTC", validators=[check_time_zone])
    number_format = models.CharField(
        max_length=12,
        choices=locale_choices,
        default=DEFAULT_LOCALE,
        help_text="How pages and mails write numbers, money, percent and dates: 24.7M, 117%, Nov 3, 2026, or 24,7 Mio., 117 %, 3. Nov. 2026. "
        "Exports and the API do not change.",
    )
    visibility = models.CharField(max_length=12, choices=Visibility, default=Visibility.OPEN)
    achievement = models.CharField(max_length=12, choices=Achievement, default=Achievement.EVERYBODY)
    foreign_amounts = models.CharField(max_length=10, choices=ForeignAmounts, default=ForeignAmounts.KEEP)
    attribution_model = models.CharField(
        max_length=12, choices=AttributionModel, default=AttributionModel.LINEAR,
        help_text="The model of numbers by attribution where the reader chooses none.",
    )  # fmt: skip
    journey_basis = models.CharField(max_length=8, choices=JourneyBasis, default=JourneyBasis.COMPANY)
    attribution_half_life = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(1), MaxValueValidator(730)],
        help_text="Days after which a touch counts half, in the model Time decay.",
    )  # fmt: skip
    counts_incoming_activities = models.BooleanField(
        default=True,
        help_text="Calls, mails and visits that the buyer began count as touches, beside those of Marketing.",
    )
    invoice_within_days = models.PositiveSmallIntegerField(
        default=14, validators=[MaxValueValidator(365)],
        help_text="Days after the win, or after the last invoice of a deal, until the rest of its amount is due to be invoiced.",
    )  # fmt: skip
    payment_term_days = models.PositiveSmallIntegerField(
        default=30, validators=[MaxValueValidator(365)],
        help_text="Days to pay an invoice that has no due date of its own.",
    )  # fmt: skip
    live_within_days = models.PositiveSmallIntegerField(
        default=30, validators=[MaxValueValidator(730)],
        help_text="Days after the last payment until a customer is expected to be live.",
    )  # fmt: skip
    nightly_at = models.CharField(
        max_length=40,
        default="0 3 * * *",
        validators=[check_cron],
        help_text="A cron line in the company's time zone.",
    )
    fiscal_first_month = models.PositiveSmallIntegerField(
        default=1, choices=list(enumerate(month_name))[1:], validators=[MinValueValidator(1), MaxValueValidator(12)]
    )
    fiscal_week_start = models.DateField(
        null=True, blank=True,
        help_text="The first day of any fiscal year of 52 or 53 weeks, in quarters of 4, 4 and 5 weeks. Empty: fiscal years are whole months.",
    )  # fmt: skip
    fiscal_week_end = models.CharField(
        max_length=7,
        choices=[("nearest", "Nearest to the end of the month"), ("last", "The last one in the month")],
        default="nearest",
    )
    fiscal_year_name = models.CharField(
        max_length=5, choices=[("end", "The year it ends in"), ("start", "The year it begins in")], default="end"
    )
    calendar = models.ForeignKey(
        Calendar, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        help_text="Empty: Monday to Friday, 9:00 to 17:00.",
    )  # fmt: skip
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    setup_digest = models.CharField(max_length=64, blank=True, editable=False)  # SHA-256 of the set-up token
    is_demo = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name_plural = "company"
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="one_company")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pk = 1
        super().save(*args, **kwargs)
        if (cache := _company_cache.get()) is not None:
            cache.clear()

    @classmethod
    def get(cls) -> Self:
        """Return the company: read once per request (see `cached`), every time elsewhere.

        A copy, so that a caller who changes it does not change what others in the request see.
        """
        cache = _company_cache.get()
        if cache is None:
            return cls.objects.get_or_create(pk=1)[0]
        if not cache:
            cache.append(cls.objects.get_or_create(pk=1)[0])
        return copy(cache[0])

    @classmethod
    @contextmanager
    def cached(cls) -> Iterator[None]:
        """Read the company from the database once inside, and again only after it was saved."""
        token = _company_cache.set([])
        try:
            yield
        finally:
            _company_cache.reset(token)

    @classmethod
    def today(cls) -> date:
        """Return the company's local day."""
        return timezone.localdate(timezone=cls.get().zone)

    @property
    def fiscal_calendar(self) -> FiscalCalendar:
        """What the company calls a year, a quarter and a month; every period is cut by it."""
        return FiscalCalendar(
            self.fiscal_first_month,
            self.fiscal_week_start,
            is_last_weekday=self.fiscal_week_end == "last",
            is_named_by_start=self.fiscal_year_name == "start",
        )

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def is_converting_amounts(self) -> bool:
        """Whether amounts in other currencies are converted to the company's."""
        return bool(self.currency) and self.foreign_amounts == self.ForeignAmounts.CONVERT


class UserManager(BaseUserManager["User"]):
    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True, "role": Role.OPS, **fields})


class User(AbstractBaseUser, PermissionsMixin):
    """A person of the company who signs in, with one role; the role decides the side."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=10, choices=Role, default=Role.REP)
    territory = models.ForeignKey(Territory, on_delete=models.SET_NULL, null=True, blank=True, related_name="people")
    manager = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="reports")
    time_zone = models.CharField(
        max_length=64, blank=True, validators=[check_time_zone], help_text="Empty: the company's."
    )
    calendar = models.ForeignKey(
        Calendar, on_delete=models.SET_NULL, null=True, blank=True, related_name="people",
        help_text="Working hours of the person and their team. Empty: those of the manager, the territory or the company.",
    )  # fmt: skip
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ["name", "email"]
        triggers: ClassVar[list[Any]] = [RECORD_CHANGES]

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the name on one line: it is used in the subjects and greetings of mails."""
        self.name = " ".join(self.name.split())
        super().save(*args, **kwargs)

    def check_password(self, raw_password: str | None) -> bool:
        """Tell whether this is the password; a hash of older parameters is renewed, which is not a change of password."""
        return check_password(raw_password, self.password, self._renew_hash)

    def _renew_hash(self, raw_password: str) -> None:
        self.set_password(raw_password)
        self._password = None
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('accord.rehash', '1', true)")
            self.save(update_fields=["password"])
            cursor.execute("SELECT set_config('accord.rehash', '', true)")

    @property
    def side(self) -> Side:
        return SIDES[self.role]

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self).split(" ")[0]


class ApiToken(models.Model):
    """A token that represents its owner; only the SHA-256 of the secret is kept (over 190 random bits)."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=120)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=12, editable=False)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"


class SubmittedForm(models.Model):
    """A form of a page that was submitted, and how it was answered, so that submitting it again has no second effect.

    `key` is drawn each time a form is shown. The answer is encrypted: it may hold what is shown only once.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, help_text="SHA-256 of what was entered.")
    claimed_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True)
    answer = SealedField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "key"], name="submitted_form_once_per_key"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["user", "claimed_at"])]

    def __str__(self) -> str:
        return f"{self.key} by {self.user_id}"
