"""What Marketing does and spends, and what of it is used."""

from typing import ClassVar

from django.db import models

from crm.models.base import Record, currency_field, money_field, reference_field, text_field


class Campaign(Record):
    name = text_field()
    parent = reference_field("crm.Campaign", related_name="children")
    owner = reference_field("crm.Owner", related_name="campaigns")
    kind = text_field()
    status = text_field()
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    budget = money_field()
    cost = money_field()
    currency = currency_field()


class Touch(Record):
    """A marketing contact with a lead or contact, before or during an open deal."""

    OWNED_THROUGH: ClassVar[tuple[str, ...]] = ("lead__owner", "contact__owner", "contact__account__owner")

    campaign = reference_field("crm.Campaign", related_name="touches")
    lead = reference_field("crm.Lead", related_name="touches")
    contact = reference_field("crm.Contact", related_name="touches")
    asset = reference_field("crm.ContentAsset", related_name="touches")
    channel = text_field()
    kind = text_field()
    status = text_field()
    has_responded = models.BooleanField(default=False, db_default=False)
    happened_at = models.DateTimeField(null=True, blank=True)
    value = money_field(help_text="What a conversion was worth to the platform that counted it.")
    currency = currency_field()

    class Meta(Record.Meta):
        verbose_name_plural = "touches"


class Spend(Record):
    """A dated line of sales or marketing spend."""

    RIGHT: ClassVar[str] = "see_spend"

    class Side(models.TextChoices):
        MARKETING = "marketing", "Marketing"
        SALES = "sales", "Sales"

    class Category(models.TextChoices):
        LEAD_GENERATION = "lead_generation", "Lead generation"
        SALES_SUPPORT = "sales_support", "Sales support"
        TECHNOLOGY = "technology", "Technology"
        PEOPLE = "people", "People"

    spent_on = models.DateField(null=True, blank=True)
    side = models.CharField(max_length=12, choices=Side, default=Side.MARKETING, db_default="marketing")
    category = models.CharField(
        max_length=20, choices=Category, default=Category.LEAD_GENERATION, db_default="lead_generation"
    )
    amount = money_field()
    currency = currency_field()
    campaign = reference_field("crm.Campaign", related_name="spend")
    territory = reference_field("team.Territory", related_name="spend")
    product = reference_field("crm.Product", related_name="spend")
    vertical = reference_field("crm.Vertical", related_name="spend")
    description = text_field()

    class Meta(Record.Meta):
        verbose_name_plural = "spend"


class ContentAsset(Record):
    """A paper, presentation, video or page that helps people buy."""

    name = text_field()
    kind = text_field()
    stage = text_field()
    persona = text_field()
    vertical = reference_field("crm.Vertical", related_name="content_assets")
    url = text_field(2000)


class ContentUse(Record):
    """One use of an asset by a person of the company, or the reason it was not used."""

    OWNED_THROUGH: ClassVar[tuple[str, ...]] = ("owner", "lead__owner")

    asset = reference_field("crm.ContentAsset", related_name="uses")
    owner = reference_field("crm.Owner", related_name="content_uses")
    lead = reference_field("crm.Lead", related_name="content_uses")
    opportunity = reference_field("crm.Opportunity", related_name="content_uses")
    requested_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    reason_unused = text_field()
