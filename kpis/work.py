"""Who works on the nightly run."""

from core.work import register_step
from kpis.models import NightlyRun
from kpis.nightly import do_one_step, queue_what_is_due

register_step(NightlyRun, do_one_step, schedule=queue_what_is_due)
