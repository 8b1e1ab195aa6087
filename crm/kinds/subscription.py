from crm.models import Subscription
from crm.record_kind import ACCOUNT, AMOUNT, SOURCE, Column, Count, Cut, Money, RecordKind, Timeline

TIMELINE = """
SELECT 'subscription', s.starts_on::timestamp AT TIME ZONE %(zone)s, s.id, true,
       concat('Subscription started: ', coalesce(nullif(s.name, ''), nullif(s.plan, ''), p.name)), concat('each ', replace(s.period, '_', ' ')), '', s.amount, s.currency, NULL
  FROM crm_subscription s LEFT JOIN crm_product p ON p.id = s.product_id WHERE s.account_id = ANY(%(accounts)s)
UNION ALL
SELECT 'subscription', s.ends_on::timestamp AT TIME ZONE %(zone)s, s.id, true,
       concat('Subscription ended: ', coalesce(nullif(s.name, ''), nullif(s.plan, ''), p.name)), '', '', s.amount, s.currency, NULL
  FROM crm_subscription s LEFT JOIN crm_product p ON p.id = s.product_id WHERE s.account_id = ANY(%(accounts)s)"""
KIND = RecordKind(
    Subscription,
    rank=200,
    fields=(
        "name", "account", "opportunity", "product", "plan", "status", "starts_on", "ends_on", "period", "amount",
        "currency",
    ),
    ordering=("name", "starts_on", "ends_on", "amount"),
    exact=("account", "opportunity", "product", "plan", "status", "period", "currency"),
    ranges=("starts_on", "ends_on", "amount"),
    search=("name", "plan"),
    is_pushed=True,
    money=Money(("amount",), days=("ends_on",), is_open_ended=True),
    columns=(
        Column("Name", "__str__"), ACCOUNT, Column("Product", "product.name"), Column("Plan", "plan"), AMOUNT,
        Column("Every", "get_period_display"), Column("Starts", "starts_on", "day"), Column("Ends", "ends_on", "day"),
        SOURCE,
    ),
    cuts={
        "account": Cut.by_id("account_id"),
        "owner": Cut.owner("account.owner_id", "opportunity.owner_id"),
        "manager": Cut.owner("account.owner.manager_id", "opportunity.owner.manager_id"),
        "product": Cut.text("product.name"),
        "pays_by": Cut.text("period"),
        "vertical": Cut.text("account.vertical.name"),
        "country": Cut.text("account.country"),
        "currency": Cut.currency(),
        **Cut.texts("plan", "status", "source_system"),
    },
    count=Count(
        "Subscriptions, by the day they started.",
        ("starts_on",), cut="plan", position=100, name="Subscriptions started"
    ),
    timeline=Timeline("Subscriptions", (TIMELINE,), position=120),
)  # fmt: skip
