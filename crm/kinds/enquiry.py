from crm.models import Enquiry
from crm.record_kind import ACCOUNT, NAME, OWNER, SOURCE, Column, Count, Cut, RecordKind, Timeline

ASKED = """
SELECT 'enquiry', coalesce(e.opened_at, e.created_at), e.id, false, concat('Asked: ', e.name),
       concat_ws(', ', nullif(e.kind, ''), nullif(e.channel, ''), nullif(e.status, ''), nullif(left(e.description, 300), '')), coalesce(o.name, ''), NULL, '', NULL
  FROM crm_enquiry e LEFT JOIN crm_owner o ON o.id = e.owner_id
 WHERE e.contact_id = ANY(%(contacts)s) OR e.account_id = ANY(%(accounts)s)"""
ANSWERED = """
SELECT 'enquiry', e.answered_at, e.id, false, concat('Answered: ', e.name), '', coalesce(o.name, ''), NULL, '', NULL
  FROM crm_enquiry e LEFT JOIN crm_owner o ON o.id = e.owner_id
 WHERE e.answered_at IS NOT NULL AND (e.contact_id = ANY(%(contacts)s) OR e.account_id = ANY(%(accounts)s))"""
PASSED_ON = """
SELECT 'enquiry', coalesce(h.handed_at, h.created_at), h.id, false, concat('Passed on: ', e.name),
       concat_ws(' → ', f.name, o.name), coalesce(o.name, ''), NULL, '', NULL
  FROM crm_enquiryhandover h JOIN crm_enquiry e ON e.id = h.enquiry_id
  LEFT JOIN crm_owner f ON f.id = h.from_owner_id LEFT JOIN crm_owner o ON o.id = h.to_owner_id
 WHERE e.contact_id = ANY(%(contacts)s) OR e.account_id = ANY(%(accounts)s)"""
KIND = RecordKind(
    Enquiry,
    rank=150,
    fields=(
        "name", "description", "kind", "status", "priority", "channel", "pipeline", "owner", "account", "contact",
        "opened_at", "answered_at", "closed_at",
    ),
    ordering=("name", "opened_at", "answered_at", "closed_at"),
    exact=("owner", "account", "contact", "kind", "status", "priority", "channel", "pipeline"),
    ranges=("opened_at", "answered_at", "closed_at"),
    search=("name",),
    not_in_facts=("description",),
    id_prefixes=("500",),
    columns=(
        NAME, ACCOUNT, OWNER, Column("Status", "status"), Column("Priority", "priority"),
        Column("Opened", "opened_at", "moment"), Column("Closed", "closed_at", "moment"), SOURCE,
    ),
    cuts={
        "owner": Cut.owner("owner_id"),
        "manager": Cut.owner("owner.manager_id"),
        "account": Cut.by_id("account_id", "contact.account_id"),
        "country": Cut.text("account.country", "contact.country"),
        **Cut.texts("kind", "status", "priority", "channel", "pipeline", "source_system"),
    },
    count=Count(
        "Questions that customers asked, by the day they were opened.",
        ("opened_at",), cut="status", position=50, better=""
    ),
    timeline=Timeline("Enquiries", (ASKED, ANSWERED, PASSED_ON), position=30),
)  # fmt: skip
