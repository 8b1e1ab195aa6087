"""What time alone does to agreements."""

from celery import shared_task

from agreements.account_closures import tell_requests
from agreements.actions import close_expired, escalate_late


@shared_task(name="agreements.days")
def days() -> None:
    """End what has run out, and tell of disputes whose day has passed and of requests for a consent."""
    close_expired()
    escalate_late()
    tell_requests()
