"""Where a person begins."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from team.models import Role, User

# Each role's first page is the one that answers what it comes for. The CEO and the CFO begin with what is wrong and what
# it costs. The leaders of both sides share the joint dashboard on purpose: the same numbers, in money, for both.
# Marketers meet them by campaign, reps begin with the lead whose clock runs out next, and ops where the data come in.
FIRST_PAGES: dict[str, tuple[str, dict[str, str]]] = {
    Role.CEO: ("overview", {}),
    Role.CMO: ("dashboard", {}),
    Role.CRO: ("dashboard", {}),
    Role.CFO: ("overview", {}),
    Role.REP: ("inbox", {}),
    Role.MARKETER: ("dashboard", {"by": "campaign"}),
    Role.SUPPORT: ("dashboard", {}),
    Role.OPS: ("imports", {}),
}


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Lead everyone to the first page of their role."""
    page, cut = FIRST_PAGES[cast(User, request.user).role]
    return redirect(reverse(page) + (f"?{urlencode(cut)}" if cut else ""))
