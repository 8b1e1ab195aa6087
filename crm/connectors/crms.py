"""The sources that can be pulled from: who reads them, and what there is to read."""

from collections.abc import Mapping
from dataclasses import dataclass

from crm.connectors.access import Access
from crm.connectors.addresses import EXAMPLES
from crm.connectors.hubspot import HubSpot
from crm.connectors.pages import Reader
from crm.connectors.pipedrive import Pipedrive
from crm.connectors.salesforce import Salesforce


@dataclass(frozen=True)
class Crm:
    """A kind of CRM. `kinds` are the objects in the order in which they are read: {its name: our words for it}."""

    source: str
    title: str
    reader: type[Reader]
    kinds: Mapping[str, str]
    unusual: frozenset[str] = frozenset()  # not pulled unless asked for
    base_url: str = ""  # where everybody has the same

    @property
    def usual(self) -> list[str]:
        return [kind for kind in self.kinds if kind not in self.unusual]


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
                "Opportunity": "Opportunities",
                "OpportunityHistory": "Stage history",
                "OpportunityFieldHistory": "Stage history from the field log (only where the stage history is closed to us)",
                "OpportunityContactRole": "Contact roles",
                "CampaignMember": "Campaign members",
                "Task": "Tasks",
                "Event": "Events",
                "Case": "Cases",
            },
            frozenset({"OpportunityFieldHistory"}),
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
