"""Who works on the pulls of connectors."""

from core.work import register_worker
from crm.connectors.pulling import Puller
from crm.connectors.scheduling import queue_due
from crm.models import Pull

register_worker(Pull, Puller, schedule=queue_due)
