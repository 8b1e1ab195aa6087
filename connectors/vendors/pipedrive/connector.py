"""Pipedrive, declared."""

from connectors.connector_type import ConnectorType
from connectors.vendors.pipedrive.reader import Pipedrive
from connectors.vendors.pipedrive.sign_in import SIGN_IN_METHODS

CONNECTOR = ConnectorType(
    source="pipedrive",
    title="Pipedrive",
    interface="API v2 by cursor; users, leads and the log of deals by v1",
    domains=(".pipedrive.com",),
    example_url="https://yourcompany.pipedrive.com",
    sign_in_methods=SIGN_IN_METHODS,
    objects={
        "users": "Users",
        "organizations": "Organizations",
        "persons": "People",
        "products": "Products",
        "leads": "Leads",
        "deals": "Deals and their stage history",
        "activities": "Activities",
    },
    reader=Pipedrive,
)
