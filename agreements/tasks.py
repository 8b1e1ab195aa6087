"""What happens to agreements as days pass."""

from celery import shared_task

from agreements.account_closures import notify_of_requests
from agreements.actions import end_expired_versions, escalate_late_disputes, remind_of_reviews


@shared_task(name="agreements.days")
def run_daily_checks() -> None:
    """End expired versions, and notify of disputes and reviews whose day has passed and of requests for a consent."""
    end_expired_versions()
    escalate_late_disputes()
    remind_of_reviews()
    notify_of_requests()
