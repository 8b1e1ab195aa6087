"""Who is notified when a connector stops by itself."""

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from connectors.models import Connector
from notify.actions import publish_event
from team.access import RIGHTS
from team.models import User


def tell_of_trouble(connector: Connector) -> None:
    """Tell everyone who may import, once for each time it stops; call it in the transaction that stops it."""
    who = User.objects.filter(is_active=True).filter(Q(is_superuser=True) | Q(role__in=RIGHTS["import"]))
    publish_event(
        key=f"connector:{connector.pk}:stopped:{timezone.now():%Y%m%dT%H%M%S%f}",
        kind="crm.connector_stopped",
        title=f"{connector} has stopped: {connector.trouble}"[:300],
        to=who,
        link=reverse("connector", args=[connector.pk]),
    )
