"""What time alone does to accounts."""

from celery import shared_task

from team.accounts.consents import settle_due
from team.accounts.mail import send_waiting


@shared_task(name="team.accounts")
def accounts() -> None:
    """Close requests that expired, make changes whose waiting period has passed, and send the mails about accounts."""
    settle_due()
    send_waiting()
