"""The sources that can be pulled from: who reads them, and what there is to read."""

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.access import Access
from connectors.allowed_hosts import EXAMPLES
from connectors.protocol import Reader
from connectors.vendors.hubspot import HubSpot
from connectors.vendors.pipedrive import Pipedrive
from connectors.vendors.salesforce.reader import Salesforce


@dataclass(frozen=True)
class Crm:
    """A kind of CRM. `kinds` are the objects in the order in which they are read: {its name: our words for it}."""

    source: str
    title: str
    reader: type[Reader]
    kinds: Mapping[str, str]
    optional: frozenset[str] = frozenset()  # no note is needed where one of these is not accessible
    base_url: str = ""  # where everybody has the same


CRMS = {
    crm.source: crm
    for crm in (
        Crm(
            "salesforce",
            "Salesforce",
            Salesforce,
            {
                "User": "Users",
                "Campaign": "Campaigns",
                "Account": "Accounts",
                "Contact": "Contacts",
                "Lead": "Leads",
                "LeadHistory": "Status history of leads, where it is kept",
                "Opportunity": "Opportunities",
                "OpportunityHistory": "Stage history",
                "OpportunityFieldHistory": "Stage history by the log of fields, where it is kept",
                "OpportunityContactRole": "Contact roles",
                "CampaignMember": "Campaign members",
                "Task": "Tasks",
                "EmailMessage": "E-mails, where they are kept",
                "Event": "Events",
                "Case": "Cases",
            },
            frozenset({"LeadHistory", "OpportunityFieldHistory", "EmailMessage"}),
        ),
        Crm(
            "hubspot",
            "HubSpot",
            HubSpot,
            {
                "owners": "Owners",
                "companies": "Companies",
                "contacts": "Contacts",
                "deals": "Deals and their stage history",
                "tickets": "Tickets",
                "calls": "Calls",
                "emails": "E-mails",
                "meetings": "Meetings",
                "notes": "Notes",
                "tasks": "Tasks",
            },
            base_url=EXAMPLES["hubspot"],
        ),
        Crm(
            "pipedrive",
            "Pipedrive",
            Pipedrive,
            {
                "users": "Users",
                "organizations": "Organizations",
                "persons": "People",
                "products": "Products",
                "leads": "Leads",
                "deals": "Deals and their stage history",
                "activities": "Activities",
            },
        ),
    )
}


def reader_for(access: Access) -> Reader:
    return CRMS[access.source].reader(access)
