"""What is read of Pipedrive, and what each key is called in Pipedrive's own export."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One of Pipedrive's objects: where it is read, and what each of its keys is called in an export."""

    name: str
    path: str
    labels: dict[str, str]
    fields: str = ""  # where its own fields are described
    records: tuple[str, ...] = ()
    params: tuple[tuple[str, str], ...] = ()


DEALS = Kind(
    "deals",
    "/api/v2/deals",
    {
        "id": "Deal - ID",
        "title": "Deal - Title",
        "owner_id": "Deal - Owner ID",
        "value": "Deal - Value",
        "currency": "Deal - Currency of Value",
        "probability": "Deal - Probability",
        "org_id": "Deal - Organization ID",
        "person_id": "Deal - Contact person ID",
        "pipeline_id": "Deal - Pipeline",
        "stage_id": "Deal - Stage",
        "status": "Deal - Status",
        "lost_reason": "Deal - Lost reason",
        "add_time": "Deal - Deal created",
        "update_time": "Deal - Update time",
        "stage_change_time": "Deal - Last stage change",
        "won_time": "Deal - Won time",
        "lost_time": "Deal - Lost time",
        "close_time": "Deal - Deal closed on",
        "expected_close_date": "Deal - Expected close date",
        "label_ids": "Deal - Label",
        "channel": "Deal - Source channel",
        "origin": "Deal - Source origin",
        "source_lead_id": "Deal - Lead ID",
    },
    "/api/v2/dealFields",
    ("opportunity",),
    (("status", "open,won,lost,deleted"), ("include_fields", "source_lead_id")),
)
ORGANIZATIONS = Kind(
    "organizations",
    "/api/v2/organizations",
    {
        "id": "Organization - ID",
        "name": "Organization - Name",
        "owner_id": "Organization - Owner ID",
        "website": "Organization - Website",
        "industry": "Organization - Industry",
        "employee_count": "Organization - Number of employees",
        "annual_revenue": "Organization - Annual revenue",
        "address": "Organization - Address",
        "address.country": "Organization - Country of Address",
        "address.admin_area_level_1": "Organization - State/county of Address",
        "address.locality": "Organization - City/town/village/locality of Address",
        "label_ids": "Organization - Label",
        "add_time": "Organization - Organization created",
        "update_time": "Organization - Update time",
    },
    "/api/v2/organizationFields",
    ("account",),
)
PERSONS = Kind(
    "persons",
    "/api/v2/persons",
    {
        "id": "Person - ID",
        "name": "Person - Name",
        "first_name": "Person - First name",
        "last_name": "Person - Last name",
        "emails": "Person - Email",
        "phones": "Person - Phone",
        "job_title": "Person - Job title",
        "org_id": "Person - Organization ID",
        "owner_id": "Person - Owner ID",
        "marketing_status": "Person - Marketing status",
        "label_ids": "Person - Label",
        "add_time": "Person - Person created",
        "update_time": "Person - Update time",
    },
    "/api/v2/personFields",
    ("contact",),
)
ACTIVITIES = Kind(
    "activities",
    "/api/v2/activities",
    {
        "id": "Activity - ID",
        "subject": "Activity - Subject",
        "type": "Activity - Type",
        "owner_id": "Activity - Assigned to user ID",
        "done": "Activity - Done",
        "due_date": "Activity - Due date",
        "marked_as_done_time": "Activity - Marked as done time",
        "duration": "Activity - Duration",
        "deal_id": "Activity - Deal ID",
        "lead_id": "Activity - Lead ID",
        "person_id": "Activity - Contact person ID",
        "org_id": "Activity - Organization ID",
        "note": "Activity - Note",
        "add_time": "Activity - Add time",
        "update_time": "Activity - Update time",
    },
    records=("activity",),
)
PRODUCTS = Kind(
    "products",
    "/api/v2/products",
    {
        "id": "Product - ID",
        "name": "Product - Name",
        "code": "Product - Product code",
        "category": "Product - Category",
        "prices.price": "Product - Unit price",
        "prices.currency": "Product - Currency",
        "add_time": "Product - Product created",
        "update_time": "Product - Update time",
    },
    records=("product",),
)
LEADS = Kind(
    "leads",
    "/v1/leads",
    {
        "id": "Lead - ID",
        "title": "Lead - Title",
        "owner_id": "Lead - Owner ID",
        "person_id": "Lead - Contact person ID",
        "person.name": "Lead - Contact person",
        "person.emails": "Lead - Contact person email",
        "person.phones": "Lead - Contact person phone",
        "person.job_title": "Lead - Contact person job title",
        "organization_id": "Lead - Organization ID",
        "organization.name": "Lead - Organization",
        "value.amount": "Lead - Value",
        "value.currency": "Lead - Currency of Value",
        "expected_close_date": "Lead - Expected close date",
        "source_name": "Lead - Source",
        "channel": "Lead - Source channel",
        "is_archived": "Lead - Archived",
        "label_ids": "Lead - Labels",
        "add_time": "Lead - Lead created",
        "update_time": "Lead - Update time",
    },
    "/api/v2/dealFields",
    ("lead",),
)
KINDS = {kind.name: kind for kind in (ORGANIZATIONS, PERSONS, PRODUCTS, LEADS, DEALS, ACTIVITIES)}
