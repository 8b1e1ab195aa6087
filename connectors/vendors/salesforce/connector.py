"""Salesforce, declared."""

from connectors.connector_type import ConnectorType
from connectors.vendors.salesforce.reader import Salesforce
from connectors.vendors.salesforce.sign_in import SIGN_IN_METHODS

CONNECTOR = ConnectorType(
    source="salesforce",
    title="Salesforce",
    interface="Bulk API 2.0, deleted and archived records included",
    domains=(".salesforce.com", ".salesforce.mil"),
    example_url="https://yourcompany.my.salesforce.com",
    sign_in_methods=SIGN_IN_METHODS,
    objects={
        "User": "Users",
        "Campaign": "Campaigns",
        "Account": "Accounts",
        "Contact": "Contacts",
        "Lead": "Leads",
        "LeadHistory": "Status history of leads, if recorded",
        "Opportunity": "Opportunities",
        "OpportunityHistory": "Stage history",
        "OpportunityFieldHistory": "Stage history from the field history, if recorded",
        "OpportunityContactRole": "Contact roles",
        "CampaignMember": "Campaign members",
        "Task": "Tasks",
        "EmailMessage": "E-mails, if recorded",
        "Event": "Events",
        "Case": "Cases",
    },
    optional_objects=frozenset({"LeadHistory", "OpportunityFieldHistory", "EmailMessage"}),
    reader=Salesforce,
)
