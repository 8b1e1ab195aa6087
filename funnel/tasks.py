"""The tasks that beat starts: the clock tick every 30 seconds, and reminders of late rulings."""

from celery import shared_task

from funnel.contests import notify_late_rulings
from funnel.handoffs.clock_tick import tick_clocks


@shared_task(name="funnel.clocks")
def run_clock_tick() -> None:
    tick_clocks()


@shared_task(name="funnel.rulings")
def remind_of_rulings() -> None:
    notify_late_rulings()
