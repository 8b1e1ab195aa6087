"""Who works on the pulls of connectors."""

from connectors.models import Pull
from connectors.schedule import queue_due
from connectors.sync import PullRunner
from core.work import register_worker

register_worker(Pull, PullRunner, schedule=queue_due)
