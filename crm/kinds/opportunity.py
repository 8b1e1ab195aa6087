from crm.models import Opportunity
from crm.record_kind import ACCOUNT, AMOUNT, NAME, OWNER, Column, Cut, Money, RecordKind, Timeline

TIMELINE = """
SELECT 'deal', coalesce(d.opened_on::timestamp AT TIME ZONE %(zone)s, d.created_at), d.id, true, concat('Opened: ', d.name), d.stage, coalesce(o.name, ''), d.amount, d.currency, NULL
  FROM crm_opportunity d LEFT JOIN crm_owner o ON o.id = d.owner_id
 WHERE d.lead_id = ANY(%(leads)s) OR d.contact_id = ANY(%(contacts)s) OR d.account_id = ANY(%(accounts)s)
UNION ALL
SELECT 'deal', coalesce(d.closed_at, d.closed_on::timestamp AT TIME ZONE %(zone)s), d.id, d.closed_at IS NULL,
       concat(CASE d.outcome WHEN 'won' THEN 'Won: ' WHEN 'lost' THEN 'Lost: ' ELSE 'No decision: ' END, d.name), d.lost_reason, coalesce(o.name, ''), d.amount, d.currency, NULL
  FROM crm_opportunity d LEFT JOIN crm_owner o ON o.id = d.owner_id
 WHERE d.outcome <> 'open' AND (d.lead_id = ANY(%(leads)s) OR d.contact_id = ANY(%(contacts)s) OR d.account_id = ANY(%(accounts)s))"""
KIND = RecordKind(
    Opportunity,
    rank=100,
    fields=(
        "name", "account", "contact", "lead", "owner", "product", "product_as_written", "campaign", "territory",
        "lead_source", "pipeline", "stage", "kind", "outcome", "outcome_basis", "amount", "currency", "cost",
        "probability", "is_new_business", "first_contact_on", "opened_on", "expected_close_on", "closed_on",
        "closed_at", "next_step", "lost_reason",
    ),
    ordering=("name", "amount", "opened_on", "expected_close_on", "closed_on"),
    exact=(
        "owner", "account", "contact", "lead", "campaign", "product", "territory", "outcome", "stage", "pipeline",
        "kind", "lead_source", "is_new_business", "currency",
    ),
    ranges=("first_contact_on", "opened_on", "expected_close_on", "closed_on", "closed_at", "amount"),
    search=("name",),
    money=Money(("amount", "cost"), days=("closed_on", "closed_at"), today_while=("outcome", "open")),
    id_prefixes=("006",),
    proposed=40,
    columns=(
        NAME, ACCOUNT, OWNER, Column("Stage", "stage"), Column("Outcome", "get_outcome_display"), AMOUNT,
        Column("Opened", "opened_on", "day"), Column("Closed", "closed_on", "day"),
    ),
    stock_columns=(
        NAME, ACCOUNT, OWNER, Column("Stage", "stage"), AMOUNT, Column("Probability", "probability", "percent"),
        Column("Opened", "opened_on", "day"), Column("Expected", "expected_close_on", "day"),
    ),
    cuts={
        "owner": Cut.owner("owner_id"),
        "manager": Cut.owner("owner.manager_id"),
        "lead_owner": Cut.owner("lead.owner_id"),
        "campaign": Cut.by_id("campaign_id", "lead.campaign_id", "lead.first_touch.campaign_id"),
        "account": Cut.by_id("account_id"),
        "territory": Cut.text("territory.name", "owner.territory.name", "account.territory.name"),
        "product": Cut.text("product.name", "product_as_written"),
        "product_as_written": Cut.text("product_as_written", "product.name"),
        "vertical": Cut.text("account.vertical.name", "lead.vertical.name"),
        "icp": Cut.text("account.account_icp.place", "lead.lead_icp.place"),
        "lead_source": Cut.text("lead_source", "lead.lead_source"),
        "country": Cut.text("account.country", "lead.country"),
        "region": Cut.text("account.region", "lead.region"),
        "city": Cut.text("account.city", "lead.city"),
        "is_new_business": Cut.flag("is_new_business"),
        "currency": Cut.currency(),
        "stage": Cut.stage("pipeline"),
        **Cut.texts("pipeline", "outcome", "lost_reason", "kind", "source_system"),
    },
    timeline=Timeline("Deals", (TIMELINE,), position=90, key="deal"),
)  # fmt: skip
