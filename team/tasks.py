"""What happens to accounts as days pass."""

from celery import shared_task

from team.accounts.consents import apply_due_requests
from team.accounts.mail import send_pending_mails


@shared_task(name="team.accounts")
def process_account_changes() -> None:
    """Close requests that expired, make changes whose waiting period has passed, and send the mails about accounts."""
    apply_due_requests()
    send_pending_mails()
