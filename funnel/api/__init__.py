"""What the funnel says and takes over HTTP, by the name of each list."""

from core.api.views import ReadOnly
from funnel.api.answers import AnswerView, ContestView
from funnel.api.content import ContentUseView
from funnel.api.handoffs import HandOffView, VerdictView
from funnel.api.hours import CalendarView
from funnel.api.moves import MoveView
from funnel.api.pushing import push_views
from funnel.api.routing import AbsenceView, CapacityView, RoutingRuleView
from funnel.api.spotting import EnquiryView

HANDED_VIEWS: dict[str, type[ReadOnly]] = {
    "moves": MoveView,
    "handoffs": HandOffView,
    "verdicts": VerdictView,
    "answers": AnswerView,
    "contests": ContestView,
    "content_uses": ContentUseView,
    "enquiries": EnquiryView,
    "calendars": CalendarView,
    "routing_rules": RoutingRuleView,
    "capacities": CapacityView,
    "absences": AbsenceView,
    **push_views(),
}
