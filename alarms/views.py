"""The pages of alarms."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from alarms.models import Alarm
from alarms.queries import calling_alarms, total_cost


@require_safe
@login_required
def alarm_list(request: HttpRequest) -> HttpResponse:
    """Show the open alarms, the dearest first."""
    alarms = calling_alarms()
    return render(request, "alarms/list.html", {"alarms": alarms, "total": total_cost(alarms)})


@require_safe
@login_required
def alarm(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an alarm with its history."""
    incident = get_object_or_404(Alarm.objects.select_related("owner"), pk=pk)
    return render(request, "alarms/alarm.html", {"alarm": incident, "events": incident.events.select_related("by")})
