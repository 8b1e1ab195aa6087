from crm.models import Lead
from crm.record_kind import CAMPAIGN, OWNER, SOURCE, Column, Cut, RecordKind

KIND = RecordKind(
    Lead,
    rank=90,
    fields=(
        "name", "first_name", "last_name", "email", "phone", "title", "company_name", "persona", "account", "contact",
        "owner", "campaign", "product", "territory", "vertical", "lead_source", "status", "lifecycle_stage", "rating",
        "country", "region", "city", "employees", "annual_revenue", "currency", "first_contact_on", "is_converted",
        "converted_on",
    ),
    ordering=("name", "first_contact_on", "converted_on"),
    exact=(
        "owner", "account", "contact", "campaign", "product", "territory", "vertical", "lead_source", "status",
        "lifecycle_stage", "rating", "persona", "email", "country", "region", "is_converted",
    ),
    ranges=("first_contact_on", "converted_on"),
    search=("name", "email", "company_name"),
    is_pushed=True,
    alike_by=("email",),
    id_prefixes=("00Q",),
    proposed=10,
    headers={
        "is_converted": ["converted", "is converted", "conversion", "convert", "target", "won", "bought", "became a deal", "konvertiert", "gewonnen", "converti", "convertido"],
        "name": ["name", "full name", "contact name", "lead name", "ansprechpartner", "kontakt", "kontaktperson", "contact", "nom", "nombre"],
        "company_name": ["company", "organisation", "organization", "firm", "account name", "employer", "firma", "unternehmen", "société", "entreprise", "empresa"],
        "lead_source": ["source", "lead origin", "origin", "channel", "utm source", "quelle", "herkunft", "kanal", "origine", "origen"],
        "status": ["status", "lead status", "stage", "statut", "estado"],
        "first_contact_on": ["first contact", "first touch", "contacted on", "erstkontakt", "erster kontakt", "premier contact", "primer contacto"],
        "title": ["title", "position", "role", "job", "funktion", "poste", "fonction", "cargo"],
        "employees": ["company size", "headcount", "number of employees"],
        "account": [],
    },
    columns=(
        Column("Name", "__str__"), Column("Company", "company_name"), OWNER, CAMPAIGN,
        Column("Lead source", "lead_source"), Column("Status", "status"),
        Column("First contact", "first_contact_on", "day"), Column("Created", "created_at", "moment"), SOURCE,
    ),
    cuts={
        "owner": Cut.owner("owner_id"),
        "lead_owner": Cut.owner("owner_id"),
        "manager": Cut.owner("owner.manager_id"),
        "campaign": Cut.by_id("campaign_id", "first_touch.campaign_id"),
        "account": Cut.by_id("account_id"),
        "territory": Cut.text("territory.name", "owner.territory.name", "account.territory.name"),
        "product": Cut.text("product.name"),
        "vertical": Cut.text("vertical.name", "account.vertical.name"),
        "icp": Cut.text("lead_icp.place"),
        "country": Cut.text("country", "account.country"),
        "is_converted": Cut.flag("is_converted"),
        **Cut.texts("lead_source", "status", "lifecycle_stage", "rating", "persona", "region", "city", "source_system"),
    },
)  # fmt: skip
