"""The clocks' bell: beat rings it every 30 seconds, with nobody looking at a page."""

from celery import shared_task

from funnel.contests import tell_late_rulings
from funnel.handoffs.clock_tick import tick


@shared_task(name="funnel.clocks")
def clocks() -> None:
    tick()


@shared_task(name="funnel.rulings")
def rulings() -> None:
    tell_late_rulings()
