"""What is read of HubSpot, and the name of each property in HubSpot's own export.

The export's names are what the mappings know, so what is pulled and what is uploaded become the same records.
"""

from dataclasses import dataclass, field

OWNER = "hubspot_owner_id"


@dataclass(frozen=True)
class Kind:
    """One of HubSpot's objects."""

    name: str
    file: str
    labels: dict[str, str]  # property: its name in an export
    modified: str = "hs_lastmodifieddate"
    created: str = "createdate"
    constants: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)  # other object: name of the column with its ids
    pipelines: str = ""  # the property that says the stage, where there are pipelines
    records: tuple[str, ...] = ()  # the kinds of record that one of these becomes
    has_custom: bool = True


COMMON = {"hs_object_id": "Record ID", "createdate": "Create Date", "hs_lastmodifieddate": "Last Modified Date"}

COMPANIES = Kind(
    "companies",
    "companies",
    {
        **COMMON,
        "name": "Company name",
        "domain": "Company Domain Name",
        "website": "Website URL",
        "phone": "Phone Number",
        "type": "Type",
        "industry": "Industry",
        "country": "Country/Region",
        "state": "State/Region",
        "city": "City",
        "zip": "Postal Code",
        "numberofemployees": "Number of Employees",
        "annualrevenue": "Annual Revenue",
        "founded_year": "Year Founded",
        "lifecyclestage": "Lifecycle Stage",
        OWNER: "Company owner",
    },
    records=("account",),
)

LIFECYCLE_STAGES = {
    "subscriber": "Subscriber",
    "lead": "Lead",
    "marketingqualifiedlead": "Marketing Qualified Lead",
    "salesqualifiedlead": "Sales Qualified Lead",
    "opportunity": "Opportunity",
    "customer": "Customer",
    "evangelist": "Evangelist",
    "other": "Other Lifecycle",
}

CONTACTS = Kind(
    "contacts",
    "contacts",
    {
        "hs_object_id": "Record ID",
        "firstname": "First Name",
        "lastname": "Last Name",
        "email": "Email",
        "phone": "Phone Number",
        "mobilephone": "Mobile Phone Number",
        "jobtitle": "Job Title",
        "company": "Company Name",
        "associatedcompanyid": "Associated Company IDs",
        "country": "Country/Region",
        "state": "State/Region",
        "city": "City",
        "hs_persona": "Persona",
        "hs_buying_role": "Buying Role",
        "lifecyclestage": "Lifecycle Stage",
        "hs_lead_status": "Lead Status",
        "hubspotscore": "HubSpot Score",
        "hs_analytics_source": "Original Source",
        "hs_analytics_source_data_1": "Original Source Drill-Down 1",
        "hs_analytics_source_data_2": "Original Source Drill-Down 2",
        "first_conversion_event_name": "First Conversion",
        "first_conversion_date": "First Conversion Date",
        "recent_conversion_event_name": "Recent Conversion",
        "recent_conversion_date": "Recent Conversion Date",
        **{f"hs_lifecyclestage_{key}_date": f"Became a {label} Date" for key, label in LIFECYCLE_STAGES.items()},
        "hs_lifecyclestage_opportunity_date": "Became an Opportunity Date",
        "hs_lifecyclestage_evangelist_date": "Became an Evangelist Date",
        "hs_lifecyclestage_other_date": "Became an Other Lifecycle Date",
        OWNER: "Contact owner",
        "createdate": "Create Date",
        "lastmodifieddate": "Last Modified Date",
    },
    modified="lastmodifieddate",  # contacts alone keep theirs under this name
    records=("contact", "lead"),
)

DEALS = Kind(
    "deals",
    "deals",
    {
        **COMMON,
        "dealname": "Deal Name",
        "pipeline": "Pipeline",
        "dealstage": "Deal Stage",
        "amount": "Amount",
        "amount_in_home_currency": "Amount in company currency",
        "deal_currency_code": "Currency",
        "closedate": "Close Date",
        "dealtype": "Deal Type",
        "closed_lost_reason": "Closed Lost Reason",
        "closed_won_reason": "Closed Won Reason",
        "hs_deal_stage_probability": "Deal probability (%)",
        "hs_analytics_source": "Original Traffic Source",
        "hs_next_step": "Next step",
        OWNER: "Deal owner",
    },
    links={"companies": "Associated Company IDs", "contacts": "Associated Contact IDs"},
    pipelines="dealstage",
    records=("opportunity",),
)

TICKETS = Kind(
    "tickets",
    "tickets",
    {
        **COMMON,
        "subject": "Ticket name",
        "content": "Ticket description",
        "hs_pipeline": "Pipeline",
        "hs_pipeline_stage": "Ticket status",
        "hs_ticket_priority": "Priority",
        "source_type": "Source",
        "hs_ticket_category": "Category",
        "closed_date": "Close Date",
        OWNER: "Ticket owner",
    },
    links={"companies": "Associated Company IDs", "contacts": "Associated Contact IDs"},
    pipelines="hs_pipeline_stage",
    records=("enquiry",),
)


def _activity_kind(name: str, word: str, labels: dict[str, str]) -> Kind:
    return Kind(
        name,
        f"activities-{name}",
        {
            "hs_object_id": "Activity ID",
            "hs_timestamp": "Activity Date",
            OWNER: "Activity assigned to",
            "hs_lastmodifieddate": "Last Modified Date",
            **labels,
        },
        created="hs_createdate",
        constants={"Activity Type": word},
        links={
            "contacts": "Associated Contact IDs",
            "companies": "Associated Company IDs",
            "deals": "Associated Deal IDs",
        },
        records=("activity",),
        has_custom=False,
    )


CALLS = _activity_kind(
    "calls",
    "Call",
    {
        "hs_call_title": "Title",
        "hs_call_body": "Body",
        "hs_call_disposition": "Call Outcome",
        "hs_call_direction": "Call direction",
        "hs_call_status": "Call status",
    },
)
EMAILS = _activity_kind(
    "emails",
    "Email",
    {
        "hs_email_subject": "Title",
        "hs_email_text": "Body",
        "hs_email_direction": "Email direction",
        "hs_email_status": "Email send status",
    },
)
MEETINGS = _activity_kind(
    "meetings",
    "Meeting",
    {"hs_meeting_title": "Title", "hs_meeting_body": "Body", "hs_meeting_outcome": "Meeting Outcome"},
)
NOTES = _activity_kind("notes", "Note", {"hs_note_body": "Body"})
TASKS = _activity_kind(
    "tasks",
    "Task",
    {
        "hs_timestamp": "Task Due Date",
        "hs_task_completion_date": "Activity Date",
        "hs_task_subject": "Title",
        "hs_task_body": "Body",
        "hs_task_status": "Task Status",
    },
)

KINDS = {kind.name: kind for kind in (COMPANIES, CONTACTS, DEALS, TICKETS, CALLS, EMAILS, MEETINGS, NOTES, TASKS)}
