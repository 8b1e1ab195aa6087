from crm.models import Opportunity
from crm.record_kind import ACCOUNT, AMOUNT, NAME, OWNER, Column, Cut, Money, RecordKind

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
        "lead_source": Cut.text("lead_source", "lead.lead_source"),
        "country": Cut.text("account.country", "lead.country"),
        "region": Cut.text("account.region", "lead.region"),
        "city": Cut.text("account.city", "lead.city"),
        "is_new_business": Cut.flag("is_new_business"),
        "currency": Cut.currency(),
        "stage": Cut.stage("pipeline"),
        **Cut.texts("pipeline", "outcome", "lost_reason", "kind", "source_system"),
    },
)  # fmt: skip
