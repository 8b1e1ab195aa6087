"""What the dashboard says of alarms."""

from collections.abc import Iterator

from django.urls import reverse

from alarms.queries import calling_alarms, cost_of
from alarms.sentences import cost_in_words
from alarms.summary import summarize_alarms
from crm.readable import Reader
from kpis.news_registry import News, register_news

SHOWN = 5


def list_alarms(user: Reader) -> Iterator[News]:
    """Yield the open alarms that the reader may see, the dearest first; nothing where there is none."""
    alarms = calling_alarms(user) if user.is_authenticated else []
    if not alarms:
        return
    yield News(summarize_alarms(alarms), reverse("alarms"))
    for alarm in alarms[:SHOWN]:
        cost = cost_of(alarm)
        yield News(alarm.name, reverse("alarm", args=[alarm.pk]), cost_in_words(cost) if cost else "")


register_news("alarms", list_alarms)
