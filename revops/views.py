"""Where a person begins."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from team.models import Role, User

# Each role's first page is the one that answers what it comes for. Leaders and finance share the joint dashboard on
# purpose: the same numbers, in money, for everybody. Marketers meet them by campaign, reps begin with the lead whose
# clock runs out next, and whoever runs the data where it comes in.
FIRST_PAGES: dict[str, tuple[str, dict[str, str]]] = {
    Role.CEO: ("dashboard", {}),
    Role.CMO: ("dashboard", {}),
    Role.CRO: ("dashboard", {}),
    Role.CFO: ("dashboard", {}),
    Role.REP: ("inbox", {}),
    Role.MARKETER: ("dashboard", {"by": "campaign"}),
    Role.SUPPORT: ("dashboard", {}),
    Role.OPS: ("imports", {}),
}


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Lead everybody to the first page of their role."""
    page, cut = FIRST_PAGES[cast(User, request.user).role]
    return redirect(reverse(page) + (f"?{urlencode(cut)}" if cut else ""))
