"""HubSpot, declared."""

from connectors.connector_type import ConnectorType
from connectors.vendors.hubspot.reader import HubSpot
from connectors.vendors.hubspot.sign_in import SIGN_IN_METHODS

ADDRESS = "https://api.hubapi.com"

CONNECTOR = ConnectorType(
    source="hubspot",
    title="HubSpot",
    interface="CRM search by time of change, associations, property history",
    domains=(".hubapi.com",),
    example_url=ADDRESS,
    base_url=ADDRESS,
    sign_in_methods=SIGN_IN_METHODS,
    objects={
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
    reader=HubSpot,
)
