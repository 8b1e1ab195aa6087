"""Who works on the reminders of rounds."""

from alignment.rounds.actions import send_reminders
from alignment.rounds.models import Reminder
from core.work import register_step

register_step(Reminder, send_reminders)
